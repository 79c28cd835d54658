import { describe, expect, it } from 'vitest'
import { parseAsked, parseAuthorization, parseGitProtocol } from '../../../../src/gateway/https/request.ts'

const ask = (method: string, url: string) => parseAsked({ method, url })
const oid = 'ab'.repeat(32)

describe('a request', () => {
  it('is one of those that git and git-lfs send', () => {
    expect(ask('GET', '/demo.git/info/refs?service=git-upload-pack')).toEqual({
      ...{ site: 'demo.git', kind: 'refs', service: 'git-upload-pack' },
    })
    expect(ask('POST', '/example.org/git-receive-pack')).toMatchObject({ kind: 'rpc', service: 'git-receive-pack' })
    expect(ask('GET', '/m%C3%BCnchen.de.git/info/refs?service=git-receive-pack')).toMatchObject({
      site: 'münchen.de.git',
    })
    expect(ask('POST', '/demo.git/info/lfs/objects/batch')).toEqual({ site: 'demo.git', kind: 'lfs-batch' })
    expect(ask('PUT', `/demo.git/info/lfs/objects/${oid}`)).toEqual({ site: 'demo.git', kind: 'lfs-upload', oid })
    for (const [method, path] of [
      ['POST', 'locks/verify'],
      ['GET', 'locks?limit=1'],
      ['POST', 'locks'],
    ] as const)
      expect(ask(method, `/demo.git/info/lfs/${path}`)).toEqual({ site: 'demo.git', kind: 'lfs-locks' })
    expect(ask('GET', `/demo.git/info/lfs/objects/${oid}`)).toMatchObject({ kind: 'lfs-download' })
  })

  it.each([
    ['GET', '/'],
    ['GET', '/demo.git'],
    ['GET', '/demo.git/info/refs'],
    ['GET', '/demo.git/info/refs?service=git-upload-archive'],
    ['GET', '/demo.git/info/refs?service=constructor'],
    ['POST', '/demo.git/info/refs?service=git-upload-pack'],
    ['GET', '/demo.git/git-receive-pack'],
    ['POST', '/demo.git/git-upload-archive'],
    ['POST', '/demo.git/constructor'],
    ['GET', '/demo.git/HEAD'],
    ['GET', '/demo.git/objects/info/packs'],
    ['GET', '/a/b.git/info/refs?service=git-upload-pack'],
    ['GET', '//info/refs?service=git-upload-pack'],
    ['POST', '/demo.git//git-receive-pack'],
    ['POST', '/../demo.git/git-receive-pack'],
    ['POST', '/%ff/git-receive-pack'],
    ['DELETE', `/demo.git/info/lfs/objects/${oid}`],
    ['PUT', `/demo.git/info/lfs/objects/${oid.toUpperCase()}`],
    ['PUT', '/demo.git/info/lfs/objects/../../../x'],
    ['OPTIONS', '*'],
  ])('%s %s is none of them', (method, url) => {
    expect(ask(method, url)).toBeUndefined()
  })
})

describe('an Authorization header', () => {
  const basic = (text: string) => `Basic ${Buffer.from(text).toString('base64')}`

  it('is Basic or Bearer', () => {
    expect(parseAuthorization(basic('anna:a:b'))).toEqual({ kind: 'basic', name: 'anna', secret: 'a:b' })
    expect(parseAuthorization(basic('anna:pässword'))).toMatchObject({ secret: 'pässword' })
    expect(parseAuthorization('bEARER abc_-.~')).toEqual({ kind: 'bearer', secret: 'abc_-.~' })
    expect(parseAuthorization(basic(':'))).toEqual({ kind: 'basic', name: '', secret: '' })
  })

  it.each([undefined, '', 'Basic', 'Basic !!!', basic('anna'), 'Digest username="anna"', `x ${basic('a:b')}`])(
    '%j says nothing',
    (header) => {
      expect(parseAuthorization(header)).toBeUndefined()
    },
  )
})

it('passes on a version of the protocol, and nothing else that somebody calls so', () => {
  expect(parseGitProtocol('version=2')).toBe('version=2')
  for (const header of [undefined, '', 'version=2 x', 'version=2\0', `version=2:${'a'.repeat(300)}`, ['version=2']])
    expect(parseGitProtocol(header)).toBeUndefined()
})
