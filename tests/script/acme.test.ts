// A whole daemon that orders from a real ACME server: what a person sees who pushes a site, adds a domain and takes it away again.
import { readdir, readFile, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { AcmeProxy, problem } from '../helpers/acme-proxy.ts'
import { scratchDirectory } from '../helpers/paths.ts'
import { type Pebble, startPebble } from '../helpers/pebble.ts'
import type { Person } from '../helpers/person.ts'
import { Platform } from '../helpers/platform.ts'
import { curl } from '../helpers/tls.ts'
import { until } from '../helpers/until.ts'
import { WorkingCopy } from '../helpers/working-copy.ts'

/** The first use on a machine makes the image of phpMyAdmin. */
const imageTimeoutMs = 900_000

let platform: Platform
let scratch: string
let pebble: Pebble
let ca: AcmeProxy
let ann: Person
let copy: WorkingCopy

beforeAll(async () => {
  platform = await Platform.prepare()
  scratch = await scratchDirectory('acme-script')
  pebble = await startPebble({ scratch, httpPort: platform.httpPort })
  ca = await AcmeProxy.start(pebble)
  await start()
  ann = await platform.addPerson('ann')
  copy = await WorkingCopy.create(ann, 'demo', { 'index.html': 'hello' })
  await copy.pushOk()
})

afterAll(async () => {
  await platform[Symbol.asyncDispose]()
  await ca[Symbol.asyncDispose]()
  await pebble[Symbol.asyncDispose]()
  await rm(scratch, { recursive: true, force: true })
})

beforeEach(() => ca.behave())

async function start(more: Readonly<Record<string, string>> = {}): Promise<void> {
  const flags = {
    ...more,
    'acme-directory': ca.directory,
    'acme-ca-file': pebble.caFile,
    'dns-resolvers': pebble.dns,
    'public-addresses': '127.0.0.1',
    'public-http-port': String(platform.httpPort),
  }
  await platform.start({ flags })
}

const secure = (name: string) => curl(`https://${name}:${platform.httpsPort}/`, pebble.rootFile)

async function untilServed(name: string): Promise<void> {
  await until(`${name} to be served by HTTPS`, async () => (await secure(name)).status > 0)
}

/** Sends whoever comes by plain HTTP to HTTPS, path and query kept. */
async function expectSentToHttps(name: string): Promise<void> {
  const { status, headers } = await platform.get(name, '/a?b=c')
  expect({ status, location: headers.location }).toEqual({
    status: 301,
    location: `https://${name}:${platform.httpsPort}/a?b=c`,
  })
}

async function typed(command: string): Promise<string> {
  const { exitCode, output } = await ann.ssh(command, { timeoutMs: imageTimeoutMs })
  if (exitCode !== 0) throw new Error(`${command} ended with ${exitCode}:\n${output}`)
  return output
}

describe('a site', () => {
  it('is served by HTTPS from its first push on, with the certificate of the CA, and plain HTTP leads there', async () => {
    await untilServed('demo.localhost')
    expect(await secure('demo.localhost')).toMatchObject({ status: 200, body: 'hello' })
    await expectSentToHttps('demo.localhost')
    expect((await copy.push()).stderr).toContain('Everything up-to-date')
    expect(await typed('info demo')).toContain(`https://demo.localhost:${platform.httpsPort}`)
    expect(await ann.json('certs demo')).toMatchObject([{ name: 'demo.localhost', state: 'serving' }])
  })

  it('keeps its certificate over a restart, and nothing is ordered', async () => {
    await platform.stop()
    await start()
    await untilServed('demo.localhost')
    await expectSentToHttps('demo.localhost')
    expect(ca.orders).toEqual([])
  })
})

describe('the address of phpMyAdmin', () => {
  it('has a certificate as well', async () => {
    await untilServed('db.localhost')
    expect(await secure('db.localhost')).toMatchObject({
      status: 403,
      body: expect.stringContaining('db:admin') as string,
    })
    await expectSentToHttps('db.localhost')
    expect((await platform.admin.ssh('certs:check db')).output).toContain('nothing is in the way')
    expect((await ann.ssh('certs:check db')).exitCode).toBe(3)
  })
})

describe('a domain', () => {
  it('is served by HTTPS once it is added, and not any more once it is removed', async () => {
    await typed('domains:add demo example.net --www')
    await untilServed('example.net')
    await untilServed('www.example.net')
    expect((await secure('example.net')).body).toBe('hello')
    expect((await secure('www.example.net')).headers['location']).toBe(`https://example.net:${platform.httpsPort}/`)
    await expectSentToHttps('example.net')
    const kept = await certificateCount()

    await typed('domains:remove demo www.example.net')
    await typed('domains:remove demo example.net')
    for (const name of ['example.net', 'www.example.net']) {
      expect((await secure(name)).error, name).toContain('curl:')
      expect((await platform.get(name)).status, name).toBe(404)
    }
    expect(await certificateCount()).toBeLessThan(kept)
    expect(await ann.json('certs demo')).toMatchObject([{ name: 'demo.localhost' }])
  })

  it('whose order the end of the daemon has cut short is served after the next start, by the same order', async () => {
    ca.before = ({ path }) => (path.startsWith('/finalize-order/') ? problem(503, 'serverInternal', 'busy') : undefined)
    await typed('domains:add demo later.example.net')
    await until('the CA to be busy', async () => (await typed('certs demo')).includes('busy'))
    await platform.stop()
    ca.before = () => undefined
    await start()
    await untilServed('later.example.net')
    expect(ca.ordersFor('later.example.net')).toHaveLength(1)
  })
})

describe('a destroyed site', () => {
  it('is served no more, and nothing of it is renewed', async () => {
    await typed('create gone')
    await untilServed('gone.localhost')
    await typed('destroy gone --confirm gone.localhost')
    expect((await secure('gone.localhost')).error).toContain('curl:')
    ca.behave()
    await platform.stop()
    await start()
    expect((await secure('gone.localhost')).error).toContain('curl:')
    expect(ca.orders).toEqual([])
    expect(await readdir(platform.home.tls)).not.toContain('gone.localhost')
  })
})

describe('certs:rollover', () => {
  it('gives the account a new key, with which certificates are ordered', async () => {
    expect((await platform.admin.ssh('certs:rollover')).output).toContain('has a new key')
    await typed('certs:renew demo demo')
    expect((await secure('demo.localhost')).body).toBe('hello')
  })
})

describe('db:admin', () => {
  it(
    'leads there by HTTPS, and keeps its visitors on it',
    async () => {
      await typed('db:create demo')
      const address = /https?:\S+/.exec(await typed('db:admin demo'))?.[0] ?? ''
      expect(address).toContain(`https://db.localhost:${platform.httpsPort}/demo.localhost/?ticket=`)
      const { status, headers } = await curl(address, pebble.rootFile)
      expect({ status, cookie: headers['set-cookie'] }).toEqual({
        status: 200,
        cookie: expect.stringMatching(/; Secure$/) as string,
      })
    },
    imageTimeoutMs,
  )
})

describe('the host of Git', () => {
  const password = 'four words in a row'
  const clone = async (host: string, into: string) => {
    const url = `https://ann:${encodeURIComponent(password)}@${host}:${platform.httpsPort}/demo.git`
    return await ann.git(['-c', `http.sslCAInfo=${pebble.rootFile}`, 'clone', '-q', url, into])
  }

  it('gets its certificate by itself, and Git believes it', async () => {
    await ann.ssh('password', { input: password })
    await untilServed('git.localhost')
    expect((await clone('git.localhost', 'cloned')).output).toBe('')
    expect(await readFile(join(ann.home, 'cloned/index.html'), 'utf8')).toBe('hello')
    // Nobody is asked for a password in the clear.
    const asked = '/demo.git/info/refs?service=git-upload-pack'
    expect(await platform.get('git.localhost', asked)).toMatchObject({
      ...{ status: 308, headers: { location: `https://git.localhost:${platform.httpsPort}${asked}` } },
    })
    expect((await platform.admin.ssh('certs:check git')).output).toContain('nothing is in the way')
  })

  it('is another one once the configuration says so, and the former is neither served nor renewed', async () => {
    await platform.stop()
    ca.behave()
    await start({ 'git-host': 'code' })
    await untilServed('code.localhost')
    expect((await clone('code.localhost', 'again')).output).toBe('')
    expect((await clone('git.localhost', 'gone')).exitCode).not.toBe(0)
    expect((await secure('git.localhost')).error).toContain('curl:')
    expect((await platform.get('git.localhost')).status).toBe(404)
    expect(ca.ordersFor('git.localhost')).toEqual([])
    expect(await readdir(platform.home.tls)).not.toContain('git.localhost')
  })
})

async function certificateCount(): Promise<number> {
  return (await readdir(platform.home.certificates)).length
}
