// The daemon is killed at every step of an order, and of a change of the account's key, again and again until it is done. One order is placed,
// and a second one only where nobody could know that the first had been taken. (All steps, each by itself: acme-troubles.test.ts.)
import { rm } from 'node:fs/promises'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { systemClock } from '../../src/lib/clock.ts'
import { openStore, type Store } from '../../src/store/store.ts'
import { AcmeProxy } from '../helpers/acme-proxy.ts'
import { scratchDirectory } from '../helpers/paths.ts'
import { type Pebble, startPebble } from '../helpers/pebble.ts'
import { Platform } from '../helpers/platform.ts'
import { curl } from '../helpers/tls.ts'
import { until } from '../helpers/until.ts'

const first = 'after:planned'
const others = ['after:ordered', 'after:published', 'after:told', 'after:requested', 'after:written', 'after:adopted']
const steps = [first, ...others]
/** The CA has answered, and the answer is lost: RFC 8555 has no way to ask for an order without its address. */
const unknowable = 'after:ordered'

let platform: Platform
let scratch: string
let pebble: Pebble
let ca: AcmeProxy
const name = 'demo.localhost'

beforeAll(async () => {
  platform = await Platform.prepare()
  scratch = await scratchDirectory('acme-crash')
  pebble = await startPebble({ scratch, httpPort: platform.httpPort })
  ca = await AcmeProxy.start(pebble)
  await platform.start({ flags: flags() })
  await platform.admin.ssh('create demo')
  await until('a certificate', () => isServed(name))
})

afterAll(async () => {
  await platform[Symbol.asyncDispose]()
  await ca[Symbol.asyncDispose]()
  await pebble[Symbol.asyncDispose]()
  await rm(scratch, { recursive: true, force: true })
})

beforeEach(() => ca.behave())

const flags = () => ({
  'acme-directory': ca.directory,
  'acme-ca-file': pebble.caFile,
  'dns-resolvers': pebble.dns,
  'public-addresses': '127.0.0.1',
  'public-http-port': String(platform.httpPort),
  'database-admin-host': '',
})

async function startWith(fault: string): Promise<void> {
  if (platform.daemon.running) await platform.kill()
  launchWith(fault)
}

function launchWith(fault: string): void {
  platform.launch({ flags: flags(), env: { HOSTING_FAULT: fault } })
}

async function untilDead(): Promise<void> {
  // On its way there it starts as a whole, which takes its time on a busy machine.
  await until('the daemon to be dead', () => !platform.daemon.running, 120_000)
}

const isServed = async (domain: string) =>
  (await curl(`https://${domain}:${platform.httpsPort}/`, pebble.rootFile)).status > 0

async function inStore<T>(look: (store: Store) => Promise<T>): Promise<T> {
  const store = await openStore(platform.home.database, systemClock)
  try {
    return await look(store)
  } finally {
    await store.close()
  }
}

const certificateOf = (domain: string) =>
  inStore(async (store) => (await store.wantedNames.find(domain))?.certificate_id ?? undefined)

describe('an order', () => {
  it('whose daemon is killed at one step after the other is finished, and what was served serves until then', async () => {
    const before = await certificateOf(name)
    await startWith(first)
    await platform.daemon.ready()
    await platform.admin.ssh(`certs:renew demo ${name}`)
    for (const step of others) {
      await untilDead()
      expect(await isServed(name), step).toBe(true)
      launchWith(step)
    }
    await untilDead()
    await platform.start({ flags: flags() })
    await until('another certificate', async () => (await certificateOf(name)) !== before)
    await until('the order to be tidied up', () => inStore(async (store) => (await store.acme.orders()).length === 0))
    expect(await isServed(name)).toBe(true)
    expect(ca.ordersFor(name)).toHaveLength(1 + steps.filter((step) => step === unknowable).length)
  }, 240_000)
})

describe('a change of the key of the account', () => {
  it('killed before the CA is told and after it leaves an account that orders', async () => {
    const account = () => inStore((store) => store.acme.findAccount(ca.directory))
    const before = await account()
    for (const step of ['between:rollover', 'after:rollover']) {
      await startWith(step)
      await platform.daemon.ready()
      await platform.admin.ssh('certs:rollover')
      await untilDead()
    }
    await platform.start({ flags: flags() })
    expect((await platform.admin.ssh(`certs:renew demo ${name}`)).output).toContain('renewed')
    // Only the last one had told the CA. It is the account that there was, with another key.
    expect(await account()).toMatchObject({ url: before?.url, next_key: null })
    expect((await account())?.key).not.toBe(before?.key)
  }, 240_000)
})
