// What goes wrong on the way: wrong records, a CA that fails, is down or talks nonsense, a full disk, and an end in the middle.
import { mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises'
import { createServer } from 'node:https'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest'
import type { CertificateStatus } from '../../src/certs/types.ts'
import { systemClock } from '../../src/lib/clock.ts'
import { type Rig, startRig } from '../helpers/certificates-rig.ts'
import { scratchDirectory } from '../helpers/paths.ts'
import { type Pebble, startPebble } from '../helpers/pebble.ts'
import { freePort } from '../helpers/ports.ts'
import { until } from '../helpers/until.ts'

let shared: string
let pebble: Pebble
let httpPort: number
let scratch: string
let rig: Rig

beforeAll(async () => {
  shared = await scratchDirectory('acme-pebble')
  httpPort = await freePort()
  pebble = await startPebble({ scratch: shared, httpPort })
}, 30_000)

afterAll(async () => {
  await pebble[Symbol.asyncDispose]()
  await rm(shared, { recursive: true, force: true })
})

const flags = () => ({
  'acme-directory': pebble.directory,
  'acme-ca-file': pebble.caFile,
  'dns-resolvers': pebble.dns,
})

beforeEach(async () => {
  scratch = await scratchDirectory('acme-troubles')
  rig = await startRig({ scratch, httpPort, flags: flags() })
})

afterEach(async () => {
  await rig[Symbol.asyncDispose]()
  await rm(scratch, { recursive: true, force: true })
})

async function settled(name: string, certificates = rig.certificates): Promise<CertificateStatus> {
  return await until(`${name} to be served or refused`, async () => {
    const status = await certificates.find(name)
    return status?.reason !== undefined || status?.certificate !== undefined ? status : undefined
  })
}

async function wanted(name: string): Promise<CertificateStatus> {
  await rig.certificates.start()
  await rig.certificates.want(await rig.addSite(name), name)
  return await settled(name)
}

describe('the doctor', () => {
  it('keeps an order from being placed, names the record to set, and tries at once when it is there', async () => {
    await pebble.tell('add-a', { host: 'far.example.org', addresses: ['10.9.9.9'] })
    const status = await wanted('far.example.org')
    expect(status).toMatchObject({
      state: 'waiting',
      reason: 'The A record of far.example.org (10.9.9.9) is no address of the internet.',
      record: 'far.example.org. A 127.0.0.1',
    })
    expect(await rig.store.acme.findAccount(pebble.directory)).toBeUndefined()
    await pebble.tell('clear-a', { host: 'far.example.org' })
    const findings = await rig.certificates.check('far.example.org')
    expect(findings.slice(0, 2)).toEqual([
      { severity: 'ok', sentence: 'The A record of far.example.org (127.0.0.1) leads to this server.' },
      { severity: 'note', sentence: `The last try failed: ${status.reason}` },
    ])
    expect(findings[2]?.sentence).toMatch(/^It is tried again now, and else at \d{4}-.* UTC\.$/)
    await until('a certificate', async () => (await rig.certificates.find('far.example.org'))?.state === 'serving')
  })

  it('finds an AAAA record that leads elsewhere beside an A record that is right', async () => {
    await pebble.tell('add-aaaa', { host: 'six.example.org', addresses: ['fd00::9'] })
    expect((await wanted('six.example.org')).reason).toBe(
      'The AAAA record of six.example.org (fd00::9) is no address of the internet, and the certificate authority prefers it to the A record: remove it.',
    )
  })

  it('says that the certificate which serves has expired', async () => {
    const { certificate } = await wanted('old.example.org')
    const now = () => new Date((certificate?.notAfter.getTime() ?? 0) + 2 * 86_400_000)
    const late = rig.another({ clock: { ...systemClock, now } })
    const sentences = (await late.check('old.example.org')).map(({ sentence }) => sentence)
    const day = certificate?.notAfter.toISOString().slice(0, 10)
    expect(sentences).toContain(`The certificate that old.example.org is served with has expired on ${day}.`)
  })

  it('says what a wildcard needs', async () => {
    expect((await wanted('*.wild.example.org')).reason).toContain('needs records that this server may set')
  })
})

describe('a certificate authority', () => {
  const stranger = async (listener: Parameters<typeof createServer>[1]) => {
    const [cert, key] = [await readFile(pebble.caFile), await readFile(join(shared, 'pebble.key'))]
    const server = createServer({ cert, key }, listener)
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    const address = server.address()
    if (address === null || typeof address === 'string') throw new Error('no port')
    return { server, directory: `https://localhost:${address.port}/dir` }
  }
  const askedAt = async (directory: string) => {
    const config = { ...rig.config, 'acme-directory': directory }
    const certificates = rig.another({ config })
    await certificates.start()
    await certificates.want(await rig.addSite('ca.example.org'), 'ca.example.org')
    return certificates
  }
  const orderedFrom = async (directory: string) => await settled('ca.example.org', await askedAt(directory))

  it('that is down is told, and asked again later', async () => {
    const status = await orderedFrom(`https://localhost:${await freePort()}/dir`)
    expect(status.reason).toMatch(/^localhost:\d+ does not answer: ECONNREFUSED\.$/)
    expect(status.nextTryAt?.getTime()).toBeGreaterThan(Date.now() + 15_000)
  })

  it('that is down is what certs:check says, and asking often makes nobody wait longer', async () => {
    const certificates = await askedAt(`https://localhost:${await freePort()}/dir`)
    const { reason, nextTryAt } = await settled('ca.example.org', certificates)
    const tries = vi.spyOn(rig.store.wantedNames, 'update')
    await until('eight tries', async () => {
      const sentences = (await certificates.check('ca.example.org')).map(({ sentence }) => sentence)
      expect(sentences).toContain(`The last try failed: ${reason}`)
      return tries.mock.calls.length >= 8
    })
    tries.mockRestore()
    const after = await certificates.find('ca.example.org')
    expect(after?.nextTryAt?.getTime()).toBeLessThanOrEqual(nextTryAt?.getTime() ?? 0)
    expect((await rig.store.wantedNames.find('ca.example.org'))?.failures).toBe(1)
  })

  it('that is down while the disk is too full for the reason: that is what is told', async () => {
    const certificates = await askedAt(`https://localhost:${await freePort()}/dir`)
    await settled('ca.example.org', certificates)
    const full = Object.assign(new Error('database or disk is full'), { code: 'SQLITE_FULL' })
    const update = vi.spyOn(rig.store.wantedNames, 'update').mockRejectedValue(full)
    const renewal = certificates.renew('ca.example.org')
    await expect(renewal).rejects.toThrow('The disk is full: the new certificate could not be written. Make room on it')
    update.mockRestore()
  })

  it('that refuses a name is told in its words, and the order is given up', async () => {
    const status = await wanted('a.blocked.example')
    expect(status).toMatchObject({ state: 'waiting' })
    expect(status.reason).toMatch(/blocked\.example|policy/i)
    await until('the order to go', async () => (await rig.store.acme.orders()).length === 0)
  })

  it('that talks nonsense is told', async () => {
    const { server, directory } = await stranger((_, answer) =>
      answer.setHeader('content-type', 'text/html').end('<h1>Hi</h1>'),
    )
    expect((await orderedFrom(directory)).reason).toBe(
      'The certificate authority answers with text/html instead of ACME.',
    )
    server.close()
  })

  it('is left alone as long as it asks for', async () => {
    const { server, directory } = await stranger((_, answer) =>
      answer
        .writeHead(503, { 'retry-after': '7200', 'content-type': 'application/problem+json' })
        .end('{"type":"urn:ietf:params:acme:error:rateLimited","detail":"busy"}'),
    )
    const status = await orderedFrom(directory)
    expect(status.reason).toBe('The certificate authority wants fewer orders: busy.')
    expect(status.nextTryAt?.getTime()).toBeGreaterThan(Date.now() + 7_100_000)
    server.close()
  })
})

describe('an order that is cut short', () => {
  const steps = [
    'after:planned',
    'after:ordered',
    'after:placed',
    'after:challenged',
    'after:published',
    'after:told',
    'after:finalized',
    'after:requested',
    'after:stored',
    'after:written',
  ]
  it.each([...steps, 'after:adopted', 'after:served'])('%s is gone on with by the next daemon', async (step) => {
    const name = `${step.replace(':', '-')}.example.net`
    // As after a crash: nothing that comes later is done, and nothing is tidied up.
    const crashed = rig.another({
      onStep: (reached) => {
        if (reached === step) throw new Crash()
      },
    })
    await crashed.start()
    await crashed.want(await rig.addSite(name), name)
    await until('the crash', () => Crash.count > 0)
    Crash.count = 0
    await crashed.stop()
    const before = (await rig.store.acme.orders()).length
    await rig.store.wantedNames.update([name], { next_at: new Date().toISOString(), reason: null })
    await rig.certificates.start()
    const certificate = await until('a certificate', async () => (await rig.certificates.find(name))?.certificate)
    expect(before).toBe(1)
    await until('the tree', async () => (await rig.tls.list()).get(name) === certificate.id)
    await until('the order to be tidied up', async () => (await rig.store.acme.orders()).length === 0)
  })
})

/** Unexpected, so the order is kept as it is. */
class Crash extends Error {
  static count = 0
  constructor() {
    super('crash')
    Crash.count++
  }
}

describe('a certificate that cannot be written', () => {
  it('leaves what is served, and is written when it can be', async () => {
    const status = await wanted('disk.example.org')
    const { certificates } = rig.config.home
    const served = status.certificate?.id ?? ''
    // Stands for a full disk: nothing can be made in the directory.
    const aside = join(scratch, 'aside')
    await mkdir(aside)
    await rename(certificates, join(aside, 'certs'))
    await writeFile(certificates, '')
    await expect(rig.certificates.renew('disk.example.org')).rejects.toThrow()
    expect((await rig.tls.list()).get('disk.example.org')).toBe(served)
    await rm(certificates)
    await rename(join(aside, 'certs'), certificates)
    const after = await rig.certificates.renew('disk.example.org')
    expect(after.certificate?.id).not.toBe(served)
  })
})
