// The attacks: guessing passwords one by one or all at once, from one address or many, of accounts that exist and of names that don't; and
// locking out somebody by guessing badly on purpose.
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { openLogins } from '../../../../src/access/logins/open.ts'
import type { Knock, LoginVerdict } from '../../../../src/access/logins/logins.ts'
import { setPassword } from '../../../../src/access/passwords.ts'
import { addToken } from '../../../../src/access/tokens.ts'
import type { Clock } from '../../../../src/lib/clock.ts'
import { silentLog } from '../../../../src/lib/log.ts'
import type { Account } from '../../../../src/store/accounts.ts'
import { openStore, type Store } from '../../../../src/store/store.ts'

const right = 'four words in a row'
let time: number
let slept: number[]
let store: Store
let anna: Account
let defence: Awaited<ReturnType<typeof openLogins>>
const clock: Clock = {
  now: () => new Date(time),
  sleep: (ms) => {
    slept.push(ms)
    return Promise.resolve()
  },
}

beforeEach(async () => {
  time = Date.parse('2026-11-21T12:00:00Z')
  slept = []
  store = await openStore(':memory:', clock)
  anna = await store.accounts.add('anna', 'user')
  await setPassword(store, anna, right)
  await store.accounts.add('keyonly', 'user')
  defence = await openLogins({ store, clock, log: silentLog })
})
afterEach(async () => await store.close())

async function knock(secret: string, given: Partial<Knock> = {}): Promise<LoginVerdict> {
  return await defence.logins.logIn({ name: 'anna', secret, address: '192.0.2.1', door: 'https', ...given })
}
/** Each from an address of its own. */
async function guess(times: number, given: Partial<Knock> = {}): Promise<LoginVerdict['is'][]> {
  const verdicts: LoginVerdict['is'][] = []
  for (let at = 0; at < times; at++)
    verdicts.push((await knock('wrong password', { address: `198.51.100.${at}`, ...given })).is)
  return verdicts
}

describe('a login', () => {
  it('needs the password of that account', async () => {
    expect(await knock(right)).toMatchObject({ is: 'visitor', actor: { name: 'anna' } })
    for (const [name, secret] of [
      ['keyonly', right],
      ['nobody', right],
      ['anna', ''],
      ['', ''],
      ['Anna', right],
      ['anna', 'x'.repeat(5000)],
    ])
      expect(await knock(secret!, { name: name! })).toEqual({ is: 'refused' })
  })

  it('ends when the password is another one or gone', async () => {
    const verdict = await knock(right)
    if (verdict.is !== 'visitor') throw new Error('not in')
    expect((await defence.logins.recheck(verdict.credential))?.name).toBe('anna')
    time += 1000
    await setPassword(store, anna, 'another four words')
    expect(await defence.logins.recheck(verdict.credential)).toBeUndefined()
    expect((await knock(right)).is).toBe('refused')
  })

  it('by a token says who it is, whatever the name beside it, and is bound to its scope', async () => {
    const { secret, token } = await addToken(store, {
      ...{ account: anna, comment: '', may: 'read', sites: 'all', expiresAt: undefined },
    })
    for (const name of ['anna', 'git', 'nobody', '']) {
      expect(await knock(secret, { name })).toMatchObject({
        is: 'visitor',
        actor: { name: 'anna', scope: { may: 'read' } },
      })
    }
    await store.tokens.remove(token.id)
    expect((await knock(secret)).is).toBe('refused')
  })
})

describe('guessing', () => {
  it('from many addresses is slowed, then blocked, the right password too; keys and tokens are not', async () => {
    const verdicts = await guess(12)
    expect(verdicts).toEqual([...Array<string>(10).fill('refused'), 'blocked', 'blocked'])
    expect(slept.filter((ms) => ms > 0)).toEqual([250, 500, 1000, 2000, 4000, 4000, 4000])
    expect(await knock(right)).toEqual({ is: 'blocked', forMs: 60_000 })
    const { secret } = await addToken(store, {
      ...{ account: anna, comment: '', may: 'read', sites: 'all', expiresAt: undefined },
    })
    expect((await knock(secret)).is).toBe('visitor')
    time += 60_000
    expect((await knock(right)).is).toBe('visitor')
  })

  it('at once is no way around it', async () => {
    const all = await Promise.all(
      Array.from({ length: 40 }, (_, at) => knock(`guess number ${at}`, { address: `198.51.100.${at}` })),
    )
    expect(all.filter(({ is }) => is === 'refused')).toHaveLength(10)
  })

  it('tells nothing about which accounts there are', async () => {
    const seen = []
    for (const name of ['anna', 'keyonly', 'nobody']) {
      slept = []
      seen.push({ verdicts: await guess(12, { name, address: `203.0.113.${name.length}` }), slept })
      // Each name from an address of its own, whose debt is paid by then.
      time += 3_600_000
    }
    expect(seen[1]).toEqual(seen[0])
    expect(seen[2]).toEqual(seen[0])
  })

  it('from one address blocks that address, for every account', async () => {
    const verdicts = []
    for (let at = 0; at < 8; at++) verdicts.push((await knock('wrong', { name: `name${at}` })).is)
    expect(verdicts.at(-1)).toBe('blocked')
    expect((await knock(right)).is).toBe('blocked')
    expect((await knock(right, { address: '192.0.2.2' })).is).toBe('visitor')
  })

  it('from one address at once, each a name of its own, is no way around that', async () => {
    const all = await Promise.all(Array.from({ length: 40 }, (_, at) => knock('wrong', { name: `name${at}` })))
    expect(all.filter(({ is }) => is === 'refused').length).toBeLessThan(8)
  })

  it('does not lock anybody out where they came from before', async () => {
    expect((await knock(right, { address: '192.0.2.77' })).is).toBe('visitor')
    await guess(12)
    expect((await knock(right)).is).toBe('blocked')
    expect((await knock(right, { address: '192.0.2.77' })).is).toBe('visitor')
    // Nor is guessing from there free.
    const there = await guess(30, { address: '192.0.2.77' })
    expect(there).toContain('blocked')
  })

  it('is remembered after a restart', async () => {
    await guess(10)
    for (let at = 0; at < 8; at++) await knock('wrong', { name: `name${at}`, address: '192.0.2.9' })
    defence = await openLogins({ store, clock, log: silentLog })
    expect((await knock(right)).is).toBe('blocked')
    expect((await knock(right, { name: 'ben', address: '192.0.2.9' })).is).toBe('blocked')
  })
})

describe('admins', () => {
  it('see wrong tokens and keys that nobody has, by address, for a day', async () => {
    await knock(`hosting_${'x'.repeat(43)}`, { address: '192.0.2.30' })
    defence.logins.failed({ address: '192.0.2.31', door: 'ssh' })
    const seen = async () =>
      (await defence.loginTroubles.list()).map(({ name, kind, lastDoor }) => [name, kind, lastDoor])
    await expect.poll(seen).toEqual(
      expect.arrayContaining([
        ['192.0.2.30', 'address', 'https'],
        ['192.0.2.31', 'address', 'ssh'],
      ]),
    )
    time += 25 * 3_600_000
    expect(await seen()).toEqual([])
  })

  it('see it, and let somebody in again', async () => {
    await guess(10)
    const [latest] = (await defence.loginTroubles.list()).filter(({ kind }) => kind === 'account')
    expect(latest).toMatchObject({
      ...{ name: 'anna', failures: 10, lastAddress: '198.51.100.9', lastDoor: 'https' },
      blockedUntil: new Date(time + 60_000).toISOString(),
    })
    expect(await defence.loginTroubles.unblock('anna')).toBe(true)
    expect((await knock(right)).is).toBe('visitor')
    expect(await defence.loginTroubles.unblock('anna')).toBe(false)
    for (let at = 0; at < 8; at++) await knock('wrong', { name: `name${at}`, address: '192.0.2.8' })
    expect((await defence.loginTroubles.list()).find(({ name }) => name === '192.0.2.8')?.blockedUntil).not.toBeNull()
    expect(await defence.loginTroubles.unblock('192.0.2.8')).toBe(true)
    expect((await knock(right, { address: '192.0.2.8' })).is).toBe('visitor')
  })
})
