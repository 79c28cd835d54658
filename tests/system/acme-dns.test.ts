// Records in a zone of one's own: a real BIND takes the updates, and a real ACME server reads them there.
import { rm } from 'node:fs/promises'
import { Resolver } from 'node:dns/promises'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createZone } from '../../src/certs/dns/rfc2136.ts'
import type { Zone } from '../../src/certs/dns/records.ts'
import { type Bind, startBind } from '../helpers/bind.ts'
import { type Rig, startRig } from '../helpers/certificates-rig.ts'
import { scratchDirectory } from '../helpers/paths.ts'
import { type Pebble, startPebble } from '../helpers/pebble.ts'
import { freePort } from '../helpers/ports.ts'
import { until } from '../helpers/until.ts'

let scratch: string
let bind: Bind
let pebble: Pebble
let rig: Rig
let zone: Zone
const resolver = new Resolver()
const never = new AbortController().signal

beforeAll(async () => {
  scratch = await scratchDirectory('acme-dns')
  const httpPort = await freePort()
  bind = await startBind({ scratch, zone: 'school.example' })
  pebble = await startPebble({ scratch, httpPort, dns: bind.address })
  resolver.setServers([bind.address])
  const flags = {
    'acme-directory': pebble.directory,
    'acme-ca-file': pebble.caFile,
    'dns-server': bind.address,
    'dns-zone': 'school.example',
    'dns-key-file': bind.keyFile,
    'dns-resolvers': bind.address,
  }
  rig = await startRig({ scratch, httpPort, flags })
  const made = createZone(rig.config)
  if (made === undefined) throw new Error('no zone')
  zone = made
  await rig.certificates.start()
}, 30_000)

afterAll(async () => {
  await rig[Symbol.asyncDispose]()
  await pebble[Symbol.asyncDispose]()
  await bind[Symbol.asyncDispose]()
  await rm(scratch, { recursive: true, force: true })
})

const served = (name: string) => rig.served(name)

describe('updates', () => {
  it('add one value to those that a name has, and take one back', async () => {
    const name = '_acme-challenge.x.school.example'
    await zone.addTxt(name, 'one', never)
    await zone.addTxt(name, 'two', never)
    expect((await resolver.resolveTxt(name)).flat().sort()).toEqual(['one', 'two'])
    await zone.removeTxt(name, 'one', never)
    expect((await resolver.resolveTxt(name)).flat()).toEqual(['two'])
  })

  it('are refused with a key that is not that of the zone, and the error says by whom', async () => {
    const stranger = createZone({ ...rig.config, 'dns-key-file': '' })
    await expect(stranger?.addTxt('a.school.example', 'v', never)).rejects.toThrow(
      /name server refused the update: .*REFUSED/,
    )
  })

  it('never take what is no name or value for a line of their own', async () => {
    await expect((async () => zone.addTxt('a.school.example\nsend', 'v', never))()).rejects.toThrow()
    await expect((async () => zone.addTxt('a.school.example', 'v"\nupdate delete', never))()).rejects.toThrow()
  })
})

describe('a name of the zone', () => {
  it('that somebody has set by hand stays as it is, and gets no certificate as long as it leads elsewhere', async () => {
    await zone.claimAddresses('mail.school.example', ['192.0.2.77'], never)
    const site = await rig.addSite('post.school.example')
    await rig.certificates.want(site, 'mail.school.example')
    const status = await until('the verdict', async () => {
      const found = await rig.certificates.find('mail.school.example')
      return found?.reason === undefined ? undefined : found
    })
    expect(status.reason).toContain('has records in the zone school.example already')
    expect(status.certificate).toBeUndefined()
    await rig.certificates.forget('mail.school.example')
    expect(await resolver.resolve4('mail.school.example')).toEqual(['192.0.2.77'])
    expect(await zone.claimAddresses('mail.school.example', ['127.0.0.1'], never)).toBe(false)
    expect(await zone.hasAddresses('mail.school.example', ['192.0.2.77'], never)).toBe(true)
    expect(await zone.hasAddresses('mail.school.example', ['127.0.0.1'], never)).toBe(false)
  })

  it('gets its address and its certificate, with its wildcard, and loses both', async () => {
    const site = await rig.addSite('class.school.example')
    await rig.certificates.want(site, 'class.school.example')
    await rig.certificates.want(site, '*.class.school.example')
    const certificate = await served('class.school.example')
    expect([...certificate.names].sort()).toEqual(['*.class.school.example', 'class.school.example'])
    expect(await resolver.resolve4('class.school.example')).toEqual(['127.0.0.1'])
    await until('the records to be taken back', async () => (await rig.store.acme.orders()).length === 0)
    await expect(resolver.resolveTxt('_acme-challenge.class.school.example')).rejects.toThrow(/ENOTFOUND|ENODATA/)
    await rig.certificates.forget('class.school.example')
    await until('the address to go', async () =>
      resolver.resolve4('class.school.example').then(
        () => false,
        () => true,
      ),
    )
  })
})
