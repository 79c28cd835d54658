import { expect, it } from 'vitest'
import { listed, messageOf } from '../../../src/uploads/message.ts'

it.each([
  [['index.html'], 'SFTP: 1 file changed\n'],
  [['images/a.png', 'images/b.png', 'images/old/c.png'], 'SFTP: 3 files changed in images/\n'],
  [['images/a.png', 'index.html'], 'SFTP: 2 files changed\n'],
  [['a/b/c', 'a/b/d'], 'SFTP: 2 files changed in a/b/\n'],
  [['a/bc/x', 'a/bd/x'], 'SFTP: 2 files changed in a/\n'],
])('%j is told as %j', (paths, message) => {
  expect(messageOf(paths)).toBe(message)
})

it('names the program, and shows what could steer a terminal', () => {
  expect(messageOf(['a\n\u001b[31m/x'], 'rsync')).toBe(String.raw`rsync: 1 file changed in a\x0a\x1b[31m/` + '\n')
})

it('shows the first few of many', () => {
  expect(listed(['b', 'a', 'c'], 2)).toEqual(['b', 'a', '… and 1 more'])
})
