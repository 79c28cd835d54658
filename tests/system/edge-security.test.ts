// What clients and tenants may try against the edge. Each test names the attack; the edge answers with a refusal or with nothing of it.
import type { IncomingHttpHeaders } from 'node:http'
import { symlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { instancePath } from '../../src/config/home.ts'
import { type EdgeFixture, startEdge } from '../helpers/edge-fixture.ts'
import { ask, sendRaw } from '../helpers/edge-http.ts'

const site = 'tenant.example.org'
const neighbour = 'neighbour.example.org'
let fixture: EdgeFixture
let seen: { url: string; headers: IncomingHttpHeaders }[] = []
let accel: Record<string, string> = {}

beforeAll(async () => {
  fixture = await startEdge({ 'max-upload-mb': '1' })
  await fixture.addSite(
    site,
    (request, response) => {
      seen.push({ url: request.url ?? '', headers: request.headers })
      for (const [name, value] of Object.entries(accel)) response.setHeader(name, value)
      response.end('instance')
    },
    { 'file.txt': 'file' },
  )
  await fixture.addSite(neighbour, (_, response) => response.end('neighbour'), { 'secret.txt': 'secret' })
})
afterAll(async () => {
  await fixture[Symbol.asyncDispose]()
})

const get = (path: string, headers: Record<string, string> = {}) =>
  ask({ port: fixture.port, host: site, path, headers })

describe('a tenant', () => {
  it.each(['@resume', '@lost', '@no_such_site', '/file.txt', '/etc/passwd', `/../../${neighbour}/edge/secret.txt`])(
    'that sends X-Accel-Redirect: %s has said nothing',
    async (target) => {
      accel = { 'X-Accel-Redirect': target, 'X-Accel-Limit-Rate': '1', 'X-Accel-Expires': '9', 'X-Accel-Charset': 'x' }
      const answer = await get('/accel')
      accel = {}
      expect(answer).toMatchObject({ status: 200, text: 'instance' })
      expect(Object.keys(answer.headers).filter((name) => name.startsWith('x-accel'))).toEqual([])
    },
  )

  it('that finds the way to the wake socket gains nothing: its X-Accel-Redirect counts only where the edge asked', async () => {
    await fixture.startWake(() => Promise.resolve({ kind: 'resume' }))
    const host = 'sneaky.example.org'
    const id = await fixture.addInstance(host)
    await symlink(join(fixture.config.home.root, 'run/wake.sock'), fixture.socketOf(id))
    await symlink(join('../instances', id), join(fixture.config.home.routes, host))
    const answer = await ask({ port: fixture.port, host, path: `/${neighbour}` })
    expect(answer).toMatchObject({ status: 200, text: '' })
    expect(answer.headers['x-accel-redirect']).toBeUndefined()
  })
})

describe('a client', () => {
  it('cannot make up who and where it is', async () => {
    seen = []
    await get('/who', {
      'X-Forwarded-For': '6.6.6.6',
      'X-Real-IP': '6.6.6.6',
      'X-Forwarded-Proto': 'https',
      'X-Forwarded-Host': 'evil.example',
      'X-Forwarded-Port': '1',
      Forwarded: 'for=6.6.6.6',
      Proxy: 'http://evil.example',
      X_Forwarded_For: '6.6.6.6',
    })
    const headers = seen[0]!.headers
    expect(headers).toMatchObject({
      'x-forwarded-for': '127.0.0.1',
      'x-real-ip': '127.0.0.1',
      'x-forwarded-proto': 'http',
      'x-forwarded-host': site,
    })
    expect(JSON.stringify(headers)).not.toMatch(/6\.6\.6\.6|evil/)
  })

  it('cannot reach one site under the name of another by an absolute URI', async () => {
    seen = []
    const answer = await sendRaw(
      fixture.port,
      `GET http://${site}/absolute HTTP/1.1\r\nHost: ${neighbour}:99\r\nConnection: close\r\n\r\n`,
    )
    expect(answer).toMatch(/instance$/)
    expect(seen[0]).toMatchObject({ url: '/absolute', headers: { host: site } })
  })

  it('cannot upgrade to anything but a WebSocket', async () => {
    seen = []
    await get('/h2c', {
      Connection: 'Upgrade, HTTP2-Settings',
      Upgrade: 'h2c',
      'HTTP2-Settings': 'AAMAAABkAARAAAAAAAIAAAAA',
    })
    expect(seen[0]!.headers).toMatchObject({ connection: 'close' })
    expect(seen[0]!.headers.upgrade).toBeUndefined()
  })

  const post = `POST /smuggle HTTP/1.1\r\nHost: ${site}\r\n`
  const hidden = `GET /hidden HTTP/1.1\r\nHost: ${neighbour}\r\n\r\n`
  it.each([
    ['a length and chunks', `${post}Content-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n${hidden}`],
    ['chunks in HTTP/1.0', `${post.replace('1.1', '1.0')}Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n${hidden}`],
    ['two lengths', `${post}Content-Length: 0\r\nContent-Length: 44\r\n\r\n${hidden}`],
    ['an unknown coding', `${post}Transfer-Encoding: chunked, identity\r\n\r\n0\r\n\r\n${hidden}`],
    ['a coding in disguise', `${post}Transfer-Encoding: \x0bchunked\r\n\r\n0\r\n\r\n${hidden}`],
    ['a blank before the colon', `${post}Content-Length : 4\r\n\r\n${hidden}`],
    ['a negative length', `${post}Content-Length: -1\r\n\r\n${hidden}`],
    ['two hosts', `${post}Host: ${neighbour}\r\n\r\n${hidden}`],
    ['a host with a path', `GET / HTTP/1.1\r\nHost: ${site}/../${neighbour}\r\n\r\n${hidden}`],
    ['no host', `GET / HTTP/1.1\r\n\r\n${hidden}`],
    ['a NUL in the URI', `GET /a%00b HTTP/1.1\r\nHost: ${site}\r\n\r\n${hidden}`],
    ['a bad chunk', `${post}Transfer-Encoding: chunked\r\n\r\nzz\r\n\r\n${hidden}`],
    ['a header of 70 kB', `${post}X: ${'x'.repeat(70_000)}\r\n\r\n${hidden}`],
    ['a URI of 20 kB', `GET /${'x'.repeat(20_000)} HTTP/1.1\r\nHost: ${site}\r\n\r\n${hidden}`],
  ])('is refused for %s, and its connection is closed', async (_, bytes) => {
    seen = []
    const answer = await sendRaw(fixture.port, bytes)
    expect(answer).toMatch(/^HTTP\/1\.1 (400|414|431|501) /)
    expect(answer.match(/HTTP\/1\.1 \d/g)).toHaveLength(1)
    expect(seen).toEqual([])
  })

  it.each([
    `/../${neighbour}/edge/secret.txt`,
    `/%2e%2e/${neighbour}/edge/secret.txt`,
    `/..%2f..%2f${neighbour}/edge/secret.txt`,
    `/x/..;/..\\..\\${neighbour}/secret.txt`,
    '/../log/access.log',
    '/file.txt/../../log/access.log',
  ])('does not get out of the tree by %s', async (path) => {
    const answer = await sendRaw(fixture.port, `GET ${path} HTTP/1.1\r\nHost: ${site}\r\nConnection: close\r\n\r\n`)
    expect(answer).not.toMatch(/secret\n|remote|"t":/)
    expect(answer).toMatch(/^HTTP\/1\.1 400 |instance$/)
  })

  it.each([
    '..',
    '../instances',
    '.',
    `.${site}`,
    `..${site}`,
    `${site}/`,
    'a b.org',
    '%2e%2e',
    '<b>.example.org',
    `${site}\\`,
  ])('gets no site for the host %s', async (host) => {
    const answer = await sendRaw(fixture.port, `GET / HTTP/1.1\r\nHost: ${host}\r\nConnection: close\r\n\r\n`)
    expect(answer).toMatch(/^HTTP\/1\.1 40[04] /)
    expect(answer).not.toContain('<b>')
  })

  it('may upload as much as is configured, and no more', async () => {
    const send = (bytes: number) =>
      ask({ port: fixture.port, host: site, path: '/up', method: 'POST', body: Buffer.alloc(bytes) })
    expect((await send(1024 * 1024)).status).toBe(200)
    expect((await send(1024 * 1024 + 1)).status).toBe(413)
  })

  it('cannot read what the modes of a release hide, and the instance answers instead', async () => {
    const id = await fixture.addInstance('hidden.example.org', { 'file.txt': 'x' })
    await writeFile(join(instancePath(fixture.config.home, id), 'edge/hidden.txt'), 'hidden', { mode: 0o600 })
    await fixture.serve(id, (_, response) => response.end('instance'))
    await symlink(join('../instances', id), join(fixture.config.home.routes, 'hidden.example.org'))
    const expected = process.getuid?.() === 0 ? 'instance' : 'hidden'
    expect((await ask({ port: fixture.port, host: 'hidden.example.org', path: '/hidden.txt' })).text).toBe(expected)
  })
})

describe('limits of one address', () => {
  it('slow down and then refuse requests to instances, but not to files', async () => {
    await using limited = await startEdge({ 'request-rate': '5' })
    await limited.addSite(site, (_, response) => response.end('ok'), { 'file.txt': 'file' })
    const ask30 = (path: string) =>
      Promise.all(
        Array.from({ length: 30 }, () => ask({ port: limited.port, host: site, path }).then(({ status }) => status)),
      )
    expect(new Set(await ask30('/file.txt'))).toEqual(new Set([200]))
    const statuses = await ask30('/dynamic')
    expect(statuses.filter((status) => status === 200).length).toBeGreaterThanOrEqual(10)
    expect(statuses.filter((status) => status === 429).length).toBeGreaterThanOrEqual(15)
  })

  it('refuse more open requests than are allowed', async () => {
    await using limited = await startEdge({ 'max-connections-per-address': '3' })
    const release: (() => void)[] = []
    await limited.addSite(site, (_, response) => release.push(() => response.end('ok')))
    const open = Array.from({ length: 3 }, () => ask({ port: limited.port, host: site }))
    while (release.length < 3) await new Promise((resolve) => setTimeout(resolve, 5))
    expect((await ask({ port: limited.port, host: site })).status).toBe(429)
    for (const end of release) end()
    expect((await Promise.all(open)).map(({ status }) => status)).toEqual([200, 200, 200])
  })
})
