// Certificates from a real ACME server, with its faults on: it rejects a fifth of all nonces throughout.
import { readFile, rm, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createAcmeServer } from '../../src/certs/acme/server.ts'
import { readCertificate } from '../../src/certs/certificate.ts'
import { servedFingerprint } from '../../src/certs/handshake.ts'
import { systemClock } from '../../src/lib/clock.ts'
import { createSealing } from '../../src/lib/sealing.ts'
import { type Rig, startRig } from '../helpers/certificates-rig.ts'
import { scratchDirectory } from '../helpers/paths.ts'
import { type Pebble, startPebble } from '../helpers/pebble.ts'
import { freePort } from '../helpers/ports.ts'
import { until } from '../helpers/until.ts'

let scratch: string
let pebble: Pebble
let rig: Rig
const kid = 'kid-1'
const hmacKey = 'zWNDZM6eQGHWpSRTPal5eIUYFTu7EajVIoguysqZ9wG44nMEtx3MUAsUDkMTQ12W'
const never = new AbortController().signal

beforeAll(async () => {
  scratch = await scratchDirectory('acme')
  const httpPort = await freePort()
  pebble = await startPebble({ scratch, httpPort, externalAccounts: { [kid]: hmacKey } })
  await writeFile(join(scratch, 'hmac'), `${hmacKey}\n`)
  const hook = join(scratch, 'hook')
  await writeFile(
    hook,
    `#!/bin/sh
case $1 in
  present) curl -sf -d "{\\"host\\":\\"$2\\",\\"value\\":\\"$3\\"}" ${pebble.managementUrl}/set-txt ;;
  cleanup) echo "$2 $3" >> ${scratch}/cleaned; curl -sf -d "{\\"host\\":\\"$2\\"}" ${pebble.managementUrl}/clear-txt ;;
esac
`,
    { mode: 0o755 },
  )
  const flags = {
    'acme-directory': pebble.directory,
    'acme-ca-file': pebble.caFile,
    'acme-eab-kid': kid,
    'acme-eab-hmac-file': join(scratch, 'hmac'),
    'acme-email': 'admin@example.org',
    'dns-resolvers': pebble.dns,
    'dns-hook': hook,
  }
  rig = await startRig({ scratch, httpPort, flags })
  await rig.certificates.start()
}, 30_000)

afterAll(async () => {
  await rig[Symbol.asyncDispose]()
  await pebble[Symbol.asyncDispose]()
  await rm(scratch, { recursive: true, force: true })
})

const served = (name: string) => rig.served(name)

async function fingerprintOnDisk(name: string): Promise<string> {
  return readCertificate(await readFile(join(rig.config.home.tls, name, 'fullchain.pem'), 'utf8')).fingerprint
}

describe('a name that leads here', () => {
  it('is served with a certificate, of an account bound to an external one', async () => {
    const site = await rig.addSite('one.example.org')
    await rig.certificates.want(site, 'one.example.org')
    const certificate = await served('one.example.org')
    expect(certificate).toMatchObject({ source: 'acme', names: ['one.example.org'] })
    const door = { host: '127.0.0.1', port: rig.tlsPort }
    expect(await servedFingerprint('one.example.org', door)).toBe(await fingerprintOnDisk('one.example.org'))
    const key = await stat(join(rig.config.home.certificates, certificate.id, 'privkey.pem'))
    expect(key.mode & 0o777).toBe(0o640)
    await until('the order to be tidied up', async () => (await rig.store.acme.orders()).length === 0)
  })

  it('shares a certificate with its www, wanted at the same moment', async () => {
    const site = await rig.addSite('pair.example.net')
    await rig.certificates.want(site, 'pair.example.net')
    await rig.certificates.want(site, 'www.pair.example.net')
    const certificate = await served('pair.example.net')
    expect([...certificate.names].sort()).toEqual(['pair.example.net', 'www.pair.example.net'])
    expect((await served('www.pair.example.net')).id).toBe(certificate.id)
  })

  it('is renewed by hand with another certificate, and the old one goes', async () => {
    const before = await served('one.example.org')
    const after = await rig.certificates.renew('one.example.org')
    expect(after.certificate?.id).not.toBe(before.id)
    await expect(stat(join(rig.config.home.certificates, before.id))).rejects.toThrow('ENOENT')
    const door = { host: '127.0.0.1', port: rig.tlsPort }
    expect(await servedFingerprint('one.example.org', door)).toBe(await fingerprintOnDisk('one.example.org'))
  })
})

describe('many names of one site', () => {
  it('share certificates of a hundred names', async () => {
    const site = await rig.addSite('many.example')
    const names = Array.from({ length: 101 }, (_, index) => `n${index}.many.example`)
    await rig.store.transaction(async (inside) => {
      for (const name of names) await inside.wantedNames.add(name, site.id)
    })
    await rig.certificates.release([])
    const allServed = async () => {
      const rows = await rig.store.wantedNames.listOf(site.id)
      const found = rows.flatMap(({ certificate_id }) => certificate_id ?? [])
      return found.length === names.length && found
    }
    // A thousand requests, each signed on one side and checked on the other.
    const ids = await until('all to be served', allServed, 180_000)
    const sizes = [...Map.groupBy(ids, (id) => id).values()].map(({ length }) => length)
    expect(sizes.sort((a, b) => a - b)).toEqual([1, 100])
  }, 200_000)
})

describe('a wildcard and its apex', () => {
  it('are proven by two records of one name, which are taken back', async () => {
    const site = await rig.addSite('wild.example.com')
    await rig.certificates.want(site, 'wild.example.com')
    await rig.certificates.want(site, '*.wild.example.com')
    const certificate = await served('*.wild.example.com')
    expect([...certificate.names].sort()).toEqual(['*.wild.example.com', 'wild.example.com'])
    await until('the order to be tidied up', async () => (await rig.store.acme.orders()).length === 0)
    expect(await readFile(join(scratch, 'cleaned'), 'utf8')).toMatch(/^_acme-challenge\.wild\.example\.com\. \S{43}$/m)
  })
})

describe('a name that is given up', () => {
  it('is served no more, and its certificate is gone', async () => {
    const certificate = await served('pair.example.net')
    await rig.certificates.forget('pair.example.net')
    expect(await rig.tls.list()).not.toHaveProperty('pair.example.net')
    expect(await rig.certificates.find('pair.example.net')).toBeUndefined()
    await stat(join(rig.config.home.certificates, certificate.id))
    await rig.certificates.forget('www.pair.example.net')
    await expect(stat(join(rig.config.home.certificates, certificate.id))).rejects.toThrow('ENOENT')
  })
})

describe('the account', () => {
  it('keeps what it has when the key of the account is changed in between', async () => {
    const parts = {
      config: rig.config,
      store: rig.store,
      clock: systemClock,
      sealing: createSealing(Buffer.alloc(32, 7)),
    }
    const server = createAcmeServer(parts)
    if (server === undefined) throw new Error('no directory')
    const before = await rig.store.acme.findAccount(pebble.directory)
    await server.rollOver(never)
    const account = await rig.store.acme.findAccount(pebble.directory)
    expect(account?.key).not.toBe(before?.key)
    expect(account).toMatchObject({ url: before?.url, next_key: null })
    const another = createAcmeServer(parts)
    const session = await another?.session(never)
    await expect(session?.place(['rolled.example.org'], null)).resolves.toMatchObject({ status: 'pending' })
  })
})
