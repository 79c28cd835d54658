import { describe, expect, it } from 'vitest'
import { findCopyCommand, withFullNames } from '../../../../src/gateway/sftp/copy-command.ts'

describe('a command line of a copy program', () => {
  it.each([
    ['sftp-server', { name: 'SFTP', args: [] }],
    ['/usr/lib/openssh/sftp-server', { name: 'SFTP', args: [] }],
    ['scp -t demo.localhost', { name: 'scp', args: ['-t', '--', 'demo.localhost'] }],
    ['scp -r -p -d -f -- ~/demo', { name: 'scp', args: ['-r', '-p', '-d', '-f', '--', '/demo'] }],
    [
      'rsync --server -logDtprze.iLsfxCIvu . demo/',
      { name: 'rsync', args: ['--server', '-logDtprze.iLsfxCIvu', '.', 'demo/'] },
    ],
    ['rsync --server --sender -e.i . ~', { name: 'rsync', args: ['--server', '--sender', '-e.i', '.', '/'] }],
  ])('%j is found', (line, command) => {
    expect(findCopyCommand(line.split(' '))).toEqual(command)
  })

  it.each(['info demo', 'git-receive-pack demo', ''])('%j is none', (line) => {
    expect(findCopyCommand(line.split(' '))).toBeUndefined()
  })

  it.each([
    'scp a b',
    'scp -t -f a',
    'scp -S /bin/sh -t a',
    'scp -o ProxyCommand=x -t a',
    'scp -t',
    'rsync a b',
    'rsync --daemon',
    'rsync --server --daemon .',
    'rsync --server --config=/x .',
    'rsync --server --log-file=/x . a',
  ])('%j is refused', (line) => {
    expect(() => findCopyCommand(line.split(' '))).toThrow(expect.objectContaining({ code: 'usage' }))
  })
})

describe('a short name in a path', () => {
  const names = {
    sites: [{ name: 'demo.localhost' }, { name: 'full' }, { name: 'full.localhost' }],
    baseDomain: 'localhost',
  }

  it.each([
    ['demo/images/', 'demo.localhost/images/'],
    ['/demo', '/demo.localhost'],
    ['demo', 'demo.localhost'],
    ['/demo.localhost/demo', '/demo.localhost/demo'],
    ['other/demo', 'other/demo'],
    ['full/x', 'full/x'],
    ['--demo', '--demo'],
    ['.', '.'],
    ['/', '/'],
    ['demo/a\nb', 'demo.localhost/a\nb'],
  ])('%j means %j', (typed, meant) => {
    expect(withFullNames([typed], names)).toEqual([meant])
  })
})
