// HTTPS as clients see it: which handshakes succeed, which site answers, and what files before a site do, all without a reload.
import { readdir, readFile, rename, stat, writeFile } from 'node:fs/promises'
import { connect, type SecureVersion, type TLSSocket } from 'node:tls'
import { connect as connectPlain } from 'node:net'
import { once } from 'node:events'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createTrialAuthority } from '../../src/certs/local-ca/authority.ts'
import { caCertificatePath } from '../../src/certs/local-ca/path.ts'
import { certificateFilesIn } from '../../src/certs/files.ts'
import { edgePaths } from '../../src/edge/edge-paths.ts'
import { findMaster } from '../../src/edge/nginx-process.ts'
import { ticketKeyMs } from '../../src/edge/ticket-keys.ts'
import { systemClock } from '../../src/lib/clock.ts'
import { createId } from '../../src/lib/id.ts'
import { readDomain } from '../../src/names/domain-name.ts'
import { parseHostName } from '../../src/names/host-name.ts'
import { type EdgeFixture, startEdge } from '../helpers/edge-fixture.ts'
import { ask } from '../helpers/edge-http.ts'
import { curl, sClient } from '../helpers/tls.ts'

const host = 'demo.example.org'
const domain = parseHostName(host)
let fixture: EdgeFixture
let ca: string
let authority: ReturnType<typeof createTrialAuthority>
let workersAtFirst: string
let stalled: readonly Stalled[]

const url = (path = '/', name = host) => `https://${name}:${fixture.tlsPort}${path}`
const get = (path = '/', args: readonly string[] = []) => curl(url(path), ca, args)
const plain = (path = '/', options: Partial<Parameters<typeof ask>[0]> = {}) =>
  ask({ port: fixture.port, host, path, ...options })
const errorLog = () => readFile(edgePaths(fixture.config.home).errorLog, 'utf8')

/** Makes a certificate, as it lies on the disk, and serves a name with it. */
async function serve(name: string, names: readonly string[] = [name]): Promise<string> {
  const { home } = fixture.config
  const id = createId()
  const parts = await authority.issue(names)
  await certificateFilesIn(home, (await stat(home.tls)).gid).write(id, parts)
  await fixture.edge.tls.serve(name, id)
  return id
}

interface Stalled {
  readonly ended: Promise<number>
}

/** Begins a handshake (the first bytes of a ClientHello) and goes on no more. `ended`: after how many ms the edge has had enough. */
async function stallInHandshake(): Promise<Stalled> {
  const socket = connectPlain(fixture.tlsPort, '127.0.0.1').on('error', () => undefined)
  await once(socket, 'connect')
  const start = performance.now()
  socket.write(Buffer.from('160301020001', 'hex'))
  return { ended: once(socket.resume(), 'close').then(() => performance.now() - start) }
}

/** A handshake; the session that can be resumed by another one, and whether this one was. */
async function handshake(version: SecureVersion, session?: Buffer): Promise<{ reused: boolean; session: Buffer }> {
  const options = {
    host: '127.0.0.1',
    port: fixture.tlsPort,
    servername: host,
    minVersion: version,
    maxVersion: version,
  }
  const trusted = await readFile(ca)
  const socket: TLSSocket = connect({ ...options, ca: trusted, ...(session === undefined ? {} : { session }) })
  const made = once(socket, 'session')
  await once(socket, 'secureConnect')
  socket.write(`GET / HTTP/1.1\r\nHost: ${host}\r\n\r\n`)
  await once(socket, 'data')
  const reused = socket.isSessionReused()
  // TLS 1.2: a session that was resumed brings no new ticket.
  const next = reused ? session : ((await made)[0] as Buffer)
  socket.destroy()
  return { reused, session: next ?? Buffer.alloc(0) }
}

/** The processes that serve: others after a reload. Those that a reload ends still finish what they have. */
async function workers(): Promise<string> {
  const master = String(await findMaster(edgePaths(fixture.config.home)))
  const children = (await readFile(`/proc/${master}/task/${master}/children`, 'utf8')).trim().split(' ')
  const titles = children.map(
    async (pid) => [pid, await readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '')] as const,
  )
  return (await Promise.all(titles)).flatMap(([pid, title]) => (title.includes('shutting down') ? [] : [pid])).join(' ')
}

/** Has the newest ticket key be a day older than it is. */
async function ageTicketKeys(): Promise<void> {
  const { tickets } = edgePaths(fixture.config.home)
  for (const name of (await readdir(tickets)).toSorted())
    await rename(join(tickets, name), join(tickets, `${Number.parseInt(name) - ticketKeyMs}.key`))
}

beforeAll(async () => {
  // Any ACME directory: certificates of one are trusted, so that plain requests are sent to HTTPS.
  fixture = await startEdge({ 'acme-directory': 'https://127.0.0.1:1/directory' })
  const { home } = fixture.config
  authority = createTrialAuthority({ home, baseDomain: 'example.org', clock: systemClock })
  await authority.ensure()
  ca = caCertificatePath(home)
  await fixture.addSite(
    host,
    (request, response) => {
      response.setHeader('X-Proto', String(request.headers['x-forwarded-proto']))
      response.end(
        `${request.method ?? ''} ${request.url ?? ''} ${request.headers.host ?? ''} ${request.headers.authorization ?? '-'}`,
      )
    },
    { 'index.html': '<p>home</p>', 'style.css': 'p { }', 'photo.png': 'png', 'maintenance.html': '<p>soon</p>' },
  )
  await serve(host)
  workersAtFirst = await workers()
  stalled = await Promise.all(Array.from({ length: 100 }, stallInHandshake))
})
afterAll(async () => {
  await fixture[Symbol.asyncDispose]()
})

describe('a handshake', () => {
  it.each([
    ['-tls1_2', 'TLSv1.2'],
    ['-tls1_3', 'TLSv1.3'],
  ])('with %s succeeds, by an ECDSA key and a cipher with forward secrecy', async (flag, version) => {
    const said = await sClient(fixture.tlsPort, ['-servername', host, '-CAfile', ca, '-verify_hostname', host, flag])
    expect(said).toContain('Verify return code: 0 (ok)')
    expect(said).toMatch(new RegExp(`New, ${version}, Cipher is (ECDHE-ECDSA|TLS)[-_]`))
    expect(said).toMatch(/Server Temp Key: X25519/)
  })

  it.each([
    ['TLS 1.1', ['-tls1_1', '-cipher', 'ALL:@SECLEVEL=0']],
    ['CBC', ['-tls1_2', '-cipher', 'ECDHE-ECDSA-AES128-SHA256:ECDHE-ECDSA-AES256-SHA']],
    ['a key exchange without forward secrecy', ['-tls1_2', '-cipher', 'AES128-GCM-SHA256']],
  ])('with %s is refused', async (_, args) => {
    expect(await sClient(fixture.tlsPort, ['-servername', host, ...args])).toMatch(
      /alert (protocol version|handshake failure)/,
    )
  })

  it('agrees on HTTP/2, and on HTTP/1.1 with who asks for that', async () => {
    expect(await get('/')).toMatchObject({ status: 200, version: 'HTTP/2', body: '<p>home</p>' })
    expect(await get('/', ['--http1.1'])).toMatchObject({ status: 200, version: 'HTTP/1.1' })
  })

  it('for a name without certificate, without a name, or with something else is ended by an alert, and leaves nothing in a log', async () => {
    const before = await errorLog()
    const names = [
      'other.example.org',
      'localhost',
      '..',
      'a/../b',
      `${'x'.repeat(60)}.example.org`,
      'DEMO.example.org',
      '-',
    ]
    for (const name of names) expect(await sClient(fixture.tlsPort, ['-servername', name])).toMatch(/alert number 80/)
    expect(await sClient(fixture.tlsPort, ['-noservername'])).toMatch(/alert number 80/)
    await Promise.all(Array.from({ length: 40 }, () => curl(url('/', 'flood.example.org'), ca)))
    expect(await errorLog()).toBe(before)
    expect((await get()).status).toBe(200)
  })

  it('finds a certificate that was made just now, and its successor', async () => {
    const name = 'new.example.org'
    const serial = async () =>
      /Server certificate\s+(-----BEGIN[^]*?END CERTIFICATE)/.exec(
        await sClient(fixture.tlsPort, ['-servername', name]),
      )?.[1]
    expect(await serial()).toBeUndefined()
    await serve(name)
    const first = await serial()
    expect(first).toBeDefined()
    await serve(name)
    expect(await serial()).not.toBe(first)
    await fixture.edge.tls.withdraw(name)
    expect(await serial()).toBeUndefined()
  })

  it('falls back to the wildcard beside a name, one label deep', async () => {
    await serve('*.wild.example.org')
    await fixture.addSite('*.wild.example.org', (request, response) =>
      response.end(`wild ${request.headers.host ?? ''}`),
    )
    expect(await curl(url('/x', 'any.wild.example.org'), ca)).toMatchObject({
      status: 200,
      body: `wild any.wild.example.org:${fixture.tlsPort}`,
    })
    for (const name of ['wild.example.org', 'a.b.wild.example.org'])
      expect((await curl(url('/', name), ca)).error).toContain('alert internal error')
    await fixture.addSite('own.wild.example.org', (_, response) => response.end('own'))
    expect((await curl(url('/x', 'own.wild.example.org'), ca)).body).toBe('own')
    expect((await plain('/', { host: 'other.wild.example.org' })).headers.location).toBe(
      `https://other.wild.example.org:${fixture.tlsPort}/`,
    )
  })

  it('is resumed, also after the keys of tickets were rotated, until they are gone', async () => {
    for (const version of ['TLSv1.2', 'TLSv1.3'] as const) {
      const { reused, session } = await handshake(version)
      expect([version, reused]).toEqual([version, false])
      expect((await handshake(version, session)).reused).toBe(true)
      for (const expected of [true, true, false]) {
        await ageTicketKeys()
        await fixture.edge.rotateTickets()
        expect((await handshake(version, session)).reused).toBe(expected)
      }
    }
    expect(await workers()).not.toBe(workersAtFirst)
    workersAtFirst = await workers()
    expect(await readdir(edgePaths(fixture.config.home).tickets)).toHaveLength(3)
  })
})

describe('the site that answers', () => {
  it('is told that it was asked by HTTPS', async () => {
    expect(await get('/app?x', ['-X', 'POST', '-d', 'a=1'])).toMatchObject({
      status: 200,
      headers: { 'x-proto': 'https' },
      body: `POST /app?x ${host}:${fixture.tlsPort} -`,
    })
  })

  it('is never another one than that of the handshake', async () => {
    await serve('other.example.org')
    await fixture.addSite('other.example.org', (_, response) => response.end('other'))
    for (const protocol of ['--http1.1', '--http2'])
      for (const name of ['other.example.org', 'unknown.example.org', 'x', '-']) {
        const answer = await get('/', [protocol, '-H', `Host: ${name}`])
        expect([name, answer.status, answer.body]).toEqual([name, 421, 'This name is served by another connection.\n'])
      }
    await fixture.edge.tls.withdraw('other.example.org')
  })

  it('writes what was asked to its access log', async () => {
    await get('/style.css?logged')
    const log = join(fixture.config.home.logs, host, 'access.log')
    expect(await readFile(log, 'utf8')).toContain('/style.css?logged')
  })

  it('sends who speaks plain HTTP to the port of HTTPS there by HTTPS', async () => {
    const answer = await ask({ port: fixture.tlsPort, host: `${host}:${fixture.tlsPort}`, path: '/a?b' })
    expect(answer).toMatchObject({ status: 308, headers: { location: url('/a?b') } })
  })
})

describe('a plain request', () => {
  it('is sent to HTTPS once a certificate serves, with its path and its method', async () => {
    expect(await plain('/a%20b?c=/d')).toMatchObject({ status: 301, headers: { location: url('/a%20b?c=/d') } })
    expect(await plain('//evil.example/', { method: 'POST' })).toMatchObject({
      status: 308,
      headers: { location: url('//evil.example/') },
    })
    await fixture.addSite('bare.example.org', (_, response) => response.end('plain'))
    expect(await plain('/', { host: 'bare.example.org' })).toMatchObject({ status: 200, text: 'plain' })
    await serve('bare.example.org')
    expect((await plain('/', { host: 'bare.example.org' })).status).toBe(301)
    await fixture.edge.tls.withdraw('bare.example.org')
    expect(await plain('/', { host: 'bare.example.org' })).toMatchObject({ status: 200, text: 'plain' })
  })

  it('gets the answer to a challenge whatever stands before the site, also of a name that is none yet', async () => {
    const { home } = fixture.config
    await writeFile(join(home.challenges, 'abc_DEF-123'), 'abc_DEF-123.key', { mode: 0o644 })
    const path = '/.well-known/acme-challenge/abc_DEF-123'
    const answer = { status: 200, text: 'abc_DEF-123.key' }
    expect(await plain(path)).toMatchObject({ ...answer, headers: { 'content-type': 'text/plain' } })
    expect(await plain(path, { host: 'unknown.example.org' })).toMatchObject(answer)
    await fixture.edge.flags.setProtection(domain, 'me:x')
    expect(await plain(path)).toMatchObject(answer)
    expect((await get(path)).body).toBe(answer.text)
    await fixture.edge.flags.setProtection(domain, undefined)
    for (const other of ['abc', '', '../home', '..%2fhosting.db', 'abc_DEF-123/', '.'])
      expect([other, (await plain(`/.well-known/acme-challenge/${other}`)).status]).not.toEqual([other, 200])
  })
})

describe('what stands before a site', () => {
  it('is maintenance: a page and 503 for everything, the own page of the release where it has one', async () => {
    const { flags } = fixture.edge
    await flags.setMaintenance(domain, 'on')
    for (const path of ['/', '/style.css', '/photo.png', '/app'])
      expect(await get(path)).toMatchObject({ status: 503, headers: { 'retry-after': '600' }, body: '<p>soon</p>' })
    expect(await get('/', ['-X', 'POST', '-d', 'x'])).toMatchObject({ status: 503, headers: { 'retry-after': '600' } })
    await fixture.addSite('plain.example.org', (_, response) => response.end('plain'))
    await flags.setMaintenance(parseHostName('plain.example.org'), 'on')
    const answer = await plain('/', { host: 'plain.example.org' })
    expect(answer).toMatchObject({ status: 503, headers: { 'cache-control': 'no-store' } })
    expect(answer.text).toContain('is being worked on')
    await flags.setMaintenance(domain, 'off')
    expect((await get('/style.css')).body).toBe('p { }')
  })

  it('is a password, for files as for the instance, which does not get to see it', async () => {
    const { flags } = fixture.edge
    const before = await errorLog()
    await flags.setProtection(domain, 'me:{PLAIN}secret\n')
    for (const path of ['/', '/style.css', '/photo.png', '/app', '/docs/'])
      for (const login of [[], ['-u', 'me:wrong'], ['-u', 'you:secret']]) {
        const answer = await get(path, login)
        expect([path, login, answer.status]).toEqual([path, login, 401])
        expect(answer.headers['www-authenticate']).toBe(`Basic realm="${host}"`)
      }
    const login = ['-u', 'me:secret']
    expect((await get('/', login)).body).toBe('<p>home</p>')
    expect((await get('/style.css', login)).body).toBe('p { }')
    expect((await get('/app', login)).body).toBe(`GET /app ${host}:${fixture.tlsPort} -`)
    expect((await get('/app', [...login, '-X', 'POST', '-d', 'x'])).body).toMatch(/^POST/)
    await flags.setProtection(domain, undefined)
    expect((await get('/app', login)).body).toMatch(/Basic bWU6c2VjcmV0$/)
    expect(await errorLog()).toBe(before)
  })

  it('is HSTS, on every answer by HTTPS and on none by HTTP', async () => {
    const { flags } = fixture.edge
    const header = 'strict-transport-security'
    expect((await get()).headers[header]).toBeUndefined()
    await flags.setHsts(domain, 'on')
    for (const path of ['/', '/style.css', '/photo.png', '/app', '/docs'])
      expect([path, (await get(path)).headers[header]]).toEqual([path, 'max-age=31536000'])
    await flags.setMaintenance(domain, 'on')
    expect((await get()).headers[header]).toBe('max-age=31536000')
    await flags.setMaintenance(domain, 'off')
    expect((await plain()).headers[header]).toBeUndefined()
    await flags.setHsts(domain, 'off')
    expect((await get()).headers[header]).toBeUndefined()
  })

  it('is a redirect to another domain, by HTTPS where that has it', async () => {
    const www = parseHostName('www.example.org')
    const { flags } = fixture.edge
    await fixture.addSite(www, (_, response) => response.end('www'))
    await flags.setRedirect(www, domain)
    expect(await plain('/a?b', { host: www })).toMatchObject({ status: 301, headers: { location: url('/a?b') } })
    expect(await plain('/', { host: www, method: 'PUT' })).toMatchObject({ status: 308 })
    await serve(www)
    expect(await curl(url('/x', www), ca)).toMatchObject({ status: 301, headers: { location: url('/x') } })
    await flags.setRedirect(www, parseHostName('bare.example.org'))
    const bare = `http://bare.example.org:${fixture.port}`
    expect(await plain('/', { host: www })).toMatchObject({ headers: { location: `${bare}/` } })
    expect(await curl(url('/x', www), ca)).toMatchObject({ headers: { location: `${bare}/x` } })
    await flags.setRedirect(www, undefined)
    expect((await curl(url('/x', www), ca)).body).toBe('www')
  })

  it('is asked of a site that sleeps, too: the instance is woken past the gate', async () => {
    const sleeping = readDomain('*.asleep.example.org')
    const id = await fixture.addInstance('asleep.example.org')
    await fixture.edge.routes.point(sleeping, id)
    await fixture.edge.flags.setProtection(sleeping, 'me:{PLAIN}secret\n')
    const asked: string[] = []
    const wake = await fixture.startWake(async (name) => {
      asked.push(name)
      await fixture.serve(id, (_, response) => response.end('woken'))
      return { kind: 'resume' }
    })
    const headers = { authorization: `Basic ${Buffer.from('me:secret').toString('base64')}` }
    expect((await plain('/x', { host: 'one.asleep.example.org' })).status).toBe(401)
    expect(await plain('/x', { host: 'one.asleep.example.org', headers })).toMatchObject({ status: 200, text: 'woken' })
    expect(asked).toEqual([sleeping])
    await wake.close()
  })
})

describe('nobody', () => {
  it('but the workers and the platform can read keys', async () => {
    const { home } = fixture.config
    const [id = ''] = await readdir(home.certificates)
    const { mode } = await stat(join(home.certificates, id, 'privkey.pem'))
    expect(mode & 0o777).toBe(0o640)
    const { tickets } = edgePaths(home)
    for (const name of await readdir(tickets)) expect((await stat(join(tickets, name))).mode & 0o007).toBe(0)
    expect(await errorLog()).not.toContain('PRIVATE KEY')
  })

  it('has made nginx start or reload for any of this, but for the keys of tickets', async () => {
    expect(await workers()).toEqual(workersAtFirst)
  })

  it('keeps the others waiting by a handshake that does not go on, or a connection by one', async () => {
    const start = performance.now()
    expect((await get()).status).toBe(200)
    expect(performance.now() - start).toBeLessThan(5000)
    const ended = await Promise.all(stalled.map((each) => each.ended))
    expect(Math.max(...ended)).toBeLessThan(20_000)
  })
})
