import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { setPassword } from '../../../src/access/passwords.ts'
import { addToken, findToken, looksLikeToken, scopeOf } from '../../../src/access/tokens.ts'
import type { Clock } from '../../../src/lib/clock.ts'
import { matchesPassword } from '../../../src/lib/argon2.ts'
import type { Account } from '../../../src/store/accounts.ts'
import { openStore, type Store } from '../../../src/store/store.ts'

let now: Date
const clock: Clock = { now: () => now, sleep: () => Promise.resolve() }
let store: Store
let anna: Account

beforeEach(async () => {
  now = new Date('2026-11-21T12:00:00Z')
  store = await openStore(':memory:', clock)
  anna = await store.accounts.add('anna-maria', 'user')
})
afterEach(async () => await store.close())

describe('a new password', () => {
  it.each([
    ['', 'fewer than 10 characters'],
    ['ninechars', 'fewer than 10 characters'],
    ['x'.repeat(2000), 'more than 1024 bytes'],
    ['aaaaaaaaaaaa', 'fewer than 5 different'],
    ['abababababab', 'fewer than 5 different'],
    ['1234567890', 'neighbouring'],
    ['abcdefghijkl', 'neighbouring'],
    ['Qwertzuiop1', 'neighbouring'],
    ['anna-maria12', 'name of the account'],
    ['line\nbreak and more', 'control character'],
    [`hosting_${'x'.repeat(43)}`, 'token'],
  ])('%j is refused: %s', async (password, why) => {
    await expect(setPassword(store, anna, password)).rejects.toMatchObject({
      code: 'invalid-password',
      message: expect.stringContaining(why) as string,
    })
    expect(await store.passwords.find(anna.id)).toBeUndefined()
  })

  it('is kept as a hash, the same however the keyboard wrote it', async () => {
    await setPassword(store, anna, 'Schl\u00fcsselblume im Mai')
    const { hash } = (await store.passwords.find(anna.id))!
    expect(hash).not.toContain('blume')
    expect(await matchesPassword('Schlu\u0308sselblume im Mai'.normalize('NFC'), hash)).toBe(true)
  })

  it('goes with its account', async () => {
    await setPassword(store, anna, 'four words in a row')
    await store.accounts.remove(anna.id)
    expect(await store.passwords.findByName('anna-maria')).toBeUndefined()
  })
})

describe('an app token', () => {
  const wanted = { comment: 'backup', may: 'read', sites: 'all', expiresAt: undefined } as const

  it('is found by its secret, of which only a hash is kept', async () => {
    const { secret, token } = await addToken(store, { ...wanted, account: anna })
    expect(looksLikeToken(secret)).toBe(true)
    expect(JSON.stringify(await store.tokens.listOf(anna.id))).not.toContain(secret.slice(8))
    expect((await findToken({ store, clock }, secret))?.id).toBe(token.id)
    expect(
      await findToken({ store, clock }, `${secret.slice(0, -1)}${secret.endsWith('A') ? 'B' : 'A'}`),
    ).toBeUndefined()
  })

  it('expires to the second', async () => {
    const expiresAt = new Date('2026-11-22T12:00:00Z')
    const { secret } = await addToken(store, { ...wanted, account: anna, expiresAt })
    now = new Date(expiresAt.getTime() - 1)
    expect(await findToken({ store, clock }, secret)).toBeDefined()
    now = expiresAt
    expect(await findToken({ store, clock }, secret)).toBeUndefined()
  })

  it('is for its sites as long as they are there, and never for all because none is left', async () => {
    const site = await store.sites.add({ name: 'demo.localhost', ownerId: anna.id, branch: 'main' })
    const { token } = await addToken(store, { ...wanted, account: anna, sites: [site] })
    expect(await scopeOf(store, token)).toEqual({ token: token.id, may: 'read', sites: [site.id] })
    await store.sites.remove(site.id)
    expect(await scopeOf(store, token)).toEqual({ token: token.id, may: 'read', sites: [] })
  })
})
