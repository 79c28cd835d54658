// Renewal information (RFC 9773) over real HTTP, from a server before a real CA that has none.
import { readFile, rm } from 'node:fs/promises'
import acme from 'acme-client'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { withTransport } from '../../src/certs/acme/transport.ts'
import { dayMs, hourMs } from '../../src/certs/plan/renewal.ts'
import { createLog } from '../../src/lib/log.ts'
import type { WantedName } from '../../src/store/wanted-names.ts'
import { AcmeProxy, json, problem, type Reply } from '../helpers/acme-proxy.ts'
import { type Rig, rigSealing, startRig } from '../helpers/certificates-rig.ts'
import { scratchDirectory } from '../helpers/paths.ts'
import { type Pebble, startPebble } from '../helpers/pebble.ts'
import { freePort } from '../helpers/ports.ts'
import { until } from '../helpers/until.ts'

let shared: string
let scratch: string
let pebble: Pebble
let ca: AcmeProxy
let rig: Rig
let httpPort: number
const name = 'one.example.org'

beforeAll(async () => {
  shared = await scratchDirectory('acme-ari')
  httpPort = await freePort()
  pebble = await startPebble({ scratch: shared, httpPort })
  ca = await AcmeProxy.start(pebble)
})

afterAll(async () => {
  await ca[Symbol.asyncDispose]()
  await pebble[Symbol.asyncDispose]()
  await rm(shared, { recursive: true, force: true })
})

beforeEach(async () => {
  ca.behave()
  scratch = await scratchDirectory('acme-ari-home')
  const flags = { 'acme-directory': ca.directory, 'acme-ca-file': pebble.caFile, 'dns-resolvers': pebble.dns }
  rig = await startRig({ scratch, httpPort, flags, options: { log: createLog('info', `${scratch}/log`) } })
})

afterEach(async () => {
  await rig[Symbol.asyncDispose]()
  await rm(scratch, { recursive: true, force: true })
})

/** Gets a certificate from a CA with this advice, which is asked for some hours later. */
async function servedWith(advice: (id: string) => Reply): Promise<WantedName> {
  ca.renewalInfo = advice
  await rig.certificates.start()
  await rig.certificates.want(await rig.addSite(name), name)
  return await until('a certificate', async () => {
    const row = await rowOf()
    if (row?.reason != null) throw new Error(row.reason)
    return row?.certificate_id == null ? undefined : row
  })
}

const rowOf = () => rig.store.wantedNames.find(name)

/** Those hours have passed. */
async function askNow(): Promise<void> {
  await until('the order to be tidied up', async () => (await rig.store.acme.orders()).length === 0)
  await rig.store.wantedNames.update([name], { next_at: new Date().toISOString() })
  // Wakes the background part; there is nothing to release.
  await rig.certificates.release([])
}

const windowOf = (fromDays: number, toDays: number, more: object = {}) => ({
  suggestedWindow: {
    start: new Date(Date.now() + fromDays * dayMs).toISOString(),
    end: new Date(Date.now() + toDays * dayMs).toISOString(),
  },
  ...more,
})

async function ariIdOf({ certificate_id: id }: WantedName): Promise<string> {
  return (await rig.store.certificates.find(id ?? ''))?.ari_id ?? ''
}

async function nextQuestion(since: WantedName): Promise<WantedName> {
  await askNow()
  return await until('the CA to be asked', async () => {
    const row = await rowOf()
    const isAsked = ca.askedAbout.length > 0 && row !== undefined && row.next_at !== null
    return isAsked && Date.parse(row.next_at ?? '') > Date.now() && row.next_at !== since.next_at ? row : undefined
  })
}

const hoursUntil = (text: string | null) => (Date.parse(text ?? '') - Date.now()) / hourMs

describe('the window of the CA', () => {
  it('is asked for by the id of the certificate, and decides when it is renewed', async () => {
    const advice = windowOf(20, 22, { explanationURL: 'https://ca.example/why' })
    const before = await servedWith(() => json(advice, { 'retry-after': String(8 * 3600) }))
    const row = await nextQuestion(before)
    expect(ca.askedAbout).toEqual([await ariIdOf(row)])
    expect(Date.parse(row.renew_at ?? '')).toBeGreaterThanOrEqual(Date.parse(advice.suggestedWindow.start))
    expect(Date.parse(row.renew_at ?? '')).toBeLessThanOrEqual(Date.parse(advice.suggestedWindow.end))
    // As its Retry-After says.
    expect(hoursUntil(row.next_at)).toBeCloseTo(8, 1)
    expect(row.certificate_id).toBe(before.certificate_id)
    expect(await readFile(`${scratch}/log`, 'utf8')).toContain('https://ca.example/why')
  })

  it('in the past has the certificate renewed at once, and the CA is told which one is replaced', async () => {
    let revoked = ''
    const before = await servedWith((id) => json(id === revoked ? windowOf(-2, -1) : windowOf(30, 31)))
    revoked = await ariIdOf(before)
    await revoke(before)
    await askNow()
    const row = await until('another certificate', async () => {
      const now = await rowOf()
      return now?.certificate_id === before.certificate_id ? undefined : now
    })
    expect(ca.orders).toEqual([{ names: [name] }, { names: [name], replaces: revoked }])
    await until('it to be served', async () => (await rig.tls.list()).get(name) === row.certificate_id)
  })

  it('is renewed all the same by a CA that has seen the old one replaced already', async () => {
    const before = await servedWith(() => json(windowOf(-2, -1)))
    ca.before = ({ path }) =>
      path === '/order-plz' && ca.orders.at(-1)?.replaces !== undefined
        ? problem(409, 'alreadyReplaced', 'it was replaced before')
        : undefined
    const replaces = await ariIdOf(before)
    await rig.certificates.renew(name)
    expect((await rowOf())?.certificate_id).not.toBe(before.certificate_id)
    expect(ca.orders.map(({ replaces }) => replaces)).toEqual([undefined, replaces, undefined])
  })
})

describe('an answer that is no window', () => {
  const nonsense: Readonly<Record<string, Reply>> = {
    'ends before it begins': json(windowOf(3, 2)),
    'has no dates': json({ suggestedWindow: { start: 'soon', end: 7 } }),
    'is HTML': { headers: { 'content-type': 'text/html' }, body: '<h1>Hi</h1>' },
    'is no JSON': { headers: { 'content-type': 'application/json' }, body: '{"suggestedWindow":' },
    'is an error': problem(500, 'serverInternal', 'oops'),
  }
  it.each(Object.keys(nonsense))('%s: the plan holds, and the CA is asked again after six hours', async (what) => {
    const before = await servedWith(() => nonsense[what] ?? { body: '' })
    const row = await nextQuestion(before)
    expect(row).toMatchObject({ renew_at: before.renew_at, certificate_id: before.certificate_id, reason: null })
    expect(hoursUntil(row.next_at)).toBeCloseTo(6, 1)
    expect(ca.orders).toHaveLength(1)
  })

  it('and a Retry-After: the CA is left alone as long as it asks for, a day at most', async () => {
    const busy = { ...problem(503, 'serverInternal', 'busy'), headers: { 'retry-after': '9999999' } }
    const row = await nextQuestion(await servedWith(() => busy))
    expect(hoursUntil(row.next_at)).toBeCloseTo(24, 1)
  })
})

/** As a CA does that has found a mistake of its own. */
async function revoke({ certificate_id: id }: WantedName): Promise<void> {
  const account = await rig.store.acme.findAccount(ca.directory)
  const client = new acme.Client({
    directoryUrl: ca.directory,
    accountKey: rigSealing.open(account?.key ?? ''),
    accountUrl: account?.url ?? '',
  })
  const pem = await readFile(`${rig.config.home.certificates}/${id}/fullchain.pem`, 'utf8')
  const transport = {
    signal: new AbortController().signal,
    ca: await readFile(pebble.caFile, 'utf8'),
    timeoutMs: 10_000,
    now: () => new Date(),
  }
  await withTransport(transport, () => client.revokeCertificate(pem))
}
