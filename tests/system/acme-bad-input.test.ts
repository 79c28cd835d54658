// A CA that takes minutes, sends garbage, forgets us or signs for another; a DNS that lies or is silent; a clock that is wrong; a disk that
// is full. What is served stays, the reason says what to do, and the order that was begun is gone on with.
import { createSocket, type Socket } from 'node:dgram'
import { once } from 'node:events'
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import type { CertificatesOptions } from '../../src/certs/parts.ts'
import type { Certificates, CertificateStatus } from '../../src/certs/types.ts'
import { systemClock } from '../../src/lib/clock.ts'
import { execOk } from '../../src/lib/exec.ts'
import { AcmeProxy, type AskedOfCa, type Reply } from '../helpers/acme-proxy.ts'
import { type Rig, startRig } from '../helpers/certificates-rig.ts'
import { type NameServer, startNameServer } from '../helpers/name-server.ts'
import { scratchDirectory } from '../helpers/paths.ts'
import { type Pebble, startPebble } from '../helpers/pebble.ts'
import { freePort } from '../helpers/ports.ts'
import { until } from '../helpers/until.ts'

let shared: string
let scratch: string
let httpPort: number
let pebble: Pebble
let ca: AcmeProxy
let rig: Rig
const name = 'one.example.org'

beforeAll(async () => {
  shared = await scratchDirectory('acme-bad')
  httpPort = await freePort()
  // It takes up to a second for each name.
  pebble = await startPebble({ scratch: shared, httpPort, env: { PEBBLE_VA_NOSLEEP: '0', PEBBLE_VA_SLEEPTIME: '1' } })
  ca = await AcmeProxy.start(pebble)
})

afterAll(async () => {
  await ca[Symbol.asyncDispose]()
  await pebble[Symbol.asyncDispose]()
  await rm(shared, { recursive: true, force: true })
})

const flags = () => ({ 'acme-directory': ca.directory, 'acme-ca-file': pebble.caFile, 'dns-resolvers': pebble.dns })

beforeEach(async () => {
  ca.behave()
  scratch = await scratchDirectory('acme-bad-home')
  rig = await startRig({ scratch, httpPort, flags: flags() })
})

afterEach(async () => {
  await rig[Symbol.asyncDispose]()
  await rm(scratch, { recursive: true, force: true })
})

/** Served, or told why not. */
async function wanted(asked = name, certificates = rig.certificates): Promise<CertificateStatus> {
  await certificates.start()
  await certificates.want(await rig.addSite(asked), asked)
  return await until(`${asked} to be served or refused`, async () => {
    const status = await certificates.find(asked)
    return status?.reason !== undefined || status?.certificate !== undefined ? status : undefined
  })
}

async function served(certificates = rig.certificates): Promise<CertificateStatus> {
  return await until('a certificate that nothing is wrong with', async () => {
    const status = await certificates.find(name)
    return status?.state === 'serving' ? status : undefined
  })
}

/** The time of the next try has come. */
async function tryNow(certificates: Certificates = rig.certificates): Promise<void> {
  await rig.store.wantedNames.update([name], { next_at: new Date().toISOString() })
  await certificates.release([])
}

const hastily = (options: Partial<CertificatesOptions> = {}) => {
  let passed = 0
  const now = () => new Date(Date.now() + passed)
  const sleep = async (ms: number, signal?: AbortSignal) => {
    // Of the pauses between two questions nothing is waited for; the background's own sleep is as long as ever.
    if (ms <= 5000) passed += ms
    await new Promise<void>((resolve, reject) => {
      const timer = setTimeout(resolve, ms <= 5000 ? 1 : ms)
      signal?.addEventListener('abort', () => {
        clearTimeout(timer)
        reject(signal.reason as Error)
      })
    })
  }
  return rig.another({ clock: { now, sleep }, ...options })
}

describe('a certificate authority', () => {
  it('that takes minutes is waited for, and then asked again, for the same order', async () => {
    const unfinished = ({ path }: AskedOfCa, reply: Reply) =>
      /^\/(my-order|finalize-order)\//.test(path)
        ? { ...reply, body: reply.body.replace(/"valid"/, '"processing"') }
        : reply
    ca.after = unfinished
    const certificates = hastily()
    expect((await wanted(name, certificates)).reason).toBe(
      'The certificate authority has not finished within 5 minutes.',
    )
    ca.after = (_, reply) => reply
    await tryNow(certificates)
    await served(certificates)
    expect(ca.orders).toHaveLength(1)
  })

  /** Nonces that are refused for the test's sake stay refused. */
  const isTaken = ({ status = 200 }: Reply) => status < 300
  const certificateOf = (body: string) => (asked: AskedOfCa, reply: Reply) =>
    asked.path.startsWith('/certZ/') && isTaken(reply) ? { ...reply, body } : reply
  it('that sends something else than the certificate is told so, and what is served stays', async () => {
    const before = await wanted()
    const other = await readFile(pebble.caFile, 'utf8')
    for (const [body, why] of [
      ['<h1>Hi</h1>', 'is no certificate'],
      ['-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n', 'is a damaged certificate'],
      [other, 'is the certificate of another key'],
    ] as const) {
      ca.after = certificateOf(body)
      await expect(rig.certificates.renew(name)).rejects.toThrow(
        `What the certificate authority sent for ${name} ${why}.`,
      )
      expect((await rig.tls.list()).get(name)).toBe(before.certificate?.id)
    }
    ca.after = (_, reply) => reply
    const after = await rig.certificates.renew(name)
    expect(after.certificate?.id).not.toBe(before.certificate?.id)
    // The first certificate, and one renewal for all these tries.
    expect(ca.orders).toHaveLength(2)
  })

  it.each([
    ['/order-plz', '{}'],
    ['/order-plz', '[1, 2'],
    ['/authZ/', '{"status": 7}'],
    ['/authZ/', '"nothing"'],
    ['/my-order/', '{"status": "valid"}'],
    ['/my-account', 'null'],
  ])('that answers %s with %s is told so, and is asked again', async (path, body) => {
    ca.after = (asked, reply) => (asked.path.startsWith(path) && isTaken(reply) ? { ...reply, body } : reply)
    const { reason = 'served' } = await wanted()
    expect(reason).toMatch(/^The certificate authority answers with something that is no (ACME|JSON)\.$|^served$/)
    ca.after = (_, reply) => reply
    await tryNow()
    await served()
  })

  it('that has forgotten us gets to know us again', async () => {
    await wanted()
    const other = await scratchDirectory('acme-bad-other')
    const fresh = await startPebble({ scratch: other, httpPort, dns: pebble.dns })
    const before = ca.upstream
    ca.upstream = fresh
    try {
      await rig.certificates.renew(name).catch(() => undefined)
      await tryNow()
      const { certificate } = await served()
      expect(certificate?.source).toBe('acme')
      expect((await rig.certificates.renew(name)).state).toBe('serving')
    } finally {
      ca.upstream = before
      await fresh[Symbol.asyncDispose]()
      await rm(other, { recursive: true, force: true })
    }
  })

  it('whose own HTTPS is signed by a stranger is not trusted, and the option that helps is named', async () => {
    const config = { ...rig.config, 'acme-ca-file': '' }
    expect((await wanted(name, rig.another({ config }))).reason).toMatch(
      /does not answer: its own HTTPS is signed by nobody known here \(acme-ca-file names whom to trust\)\.$/,
    )
  })
})

describe('a DNS', () => {
  let names: NameServer
  let silent: Socket
  beforeAll(async () => {
    names = await startNameServer()
    silent = createSocket('udp4').bind(0, '127.0.0.1')
    await once(silent, 'listening')
  })
  afterAll(async () => {
    silent.close()
    await names[Symbol.asyncDispose]()
  })

  it('that tells the CA something else is found out by the CA, whose words are passed on', async () => {
    await pebble.tell('add-a', { host: 'lies.example.org', addresses: ['127.0.0.9'] })
    const config = { ...rig.config, 'dns-resolvers': names.address }
    const status = await wanted('lies.example.org', rig.another({ config }))
    expect(status.reason).toMatch(/^The certificate authority could not check lies\.example\.org: .*127\.0\.0\.9/)
    const counted = { kind: 'failed-validation', subject: 'lies.example.org' } as const
    expect(await rig.store.acme.eventsSince(counted, new Date(0))).toHaveLength(1)
  })

  it('that does not answer is told, and nothing is ordered', async () => {
    const config = { ...rig.config, 'dns-resolvers': `127.0.0.1:${silent.address().port}` }
    const status = await wanted(name, rig.another({ config }))
    expect(status.reason).toMatch(/^The name servers of \S+ do not answer\.$/)
    expect(ca.orders).toEqual([])
  })
})

describe('a clock that is wrong', () => {
  it('is told by that of the CA: nothing is renewed by it, and all goes on once it is set right', async () => {
    const before = await wanted()
    await rig.certificates.stop()
    // Pebble's certificates live for five.
    const sixYears = 6 * 365 * 86_400_000
    const clock = {
      now: () => new Date(Date.now() + sixYears),
      sleep: (...asked: Parameters<typeof systemClock.sleep>) => systemClock.sleep(...asked),
    }
    const late = rig.another({ clock })
    await late.start()
    const status = await until('the clock to be found wrong', async () => {
      const found = await late.find(name)
      return found?.reason === undefined ? undefined : found
    })
    expect(status).toMatchObject({ state: 'failing', certificate: { id: before.certificate?.id } })
    expect(status.reason).toMatch(
      /^The clock of this server says \d{4}-\d\d-\d\d \d\d:\d\d UTC, the certificate authority's .* UTC: set it right \(timedatectl set-ntp true\)\.$/,
    )
    expect((await rig.tls.list()).get(name)).toBe(before.certificate?.id)
    expect(ca.orders).toHaveLength(1)
    await late.stop()
    const right = rig.another()
    await rig.store.wantedNames.hasten(new Date(Date.now() + 8 * 86_400_000))
    await right.start()
    expect(await served(right)).toMatchObject({ certificate: { id: before.certificate?.id } })
    expect(ca.orders).toHaveLength(1)
  })
})

describe('a certificate authority that is back', () => {
  it('is asked soon for the names that waited for it', async () => {
    ca.after = (_, reply) => ({ ...reply, status: 500, body: '{}' })
    expect((await wanted()).reason).toBe('HTTP status 500.')
    const inHours = new Date(Date.now() + 5 * 3_600_000).toISOString()
    await rig.store.wantedNames.update([name], { next_at: inHours })
    ca.behave()
    expect((await wanted('two.example.org')).state).toBe('serving')
    await served()
  })
})

describe('a full disk', () => {
  it('is told; what is served stays, and the same order is finished once there is room', async () => {
    const { certificates: directory } = rig.config.home
    await mkdir(directory, { recursive: true, mode: 0o711 })
    await execOk('mount', ['-t', 'tmpfs', '-o', 'size=64k,mode=0711', 'hosting-test', directory])
    try {
      const before = await wanted()
      const filler = join(directory, 'filler')
      await writeFile(filler, Buffer.alloc(60 * 1024)).catch(() => undefined)
      await expect(rig.certificates.renew(name)).rejects.toThrow(
        'The disk is full: the new certificate could not be written. Make room on it.',
      )
      expect((await rig.tls.list()).get(name)).toBe(before.certificate?.id)
      expect(await rig.certificates.find(name)).toMatchObject({ state: 'failing' })
      await rm(filler)
      const after = await rig.certificates.renew(name)
      expect(after).toMatchObject({ state: 'serving' })
      expect(after.certificate?.id).not.toBe(before.certificate?.id)
      expect(ca.orders).toHaveLength(2)
    } finally {
      await rig.certificates.stop()
      await execOk('umount', [directory])
    }
  })
})
