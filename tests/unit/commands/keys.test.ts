import { describe, expect, it } from 'vitest'
import { parsePublicKey } from '../../../src/access/public-key.ts'
import { makeKey } from '../access/pasted-keys.ts'
import { createPlatform, terminal } from './platform.ts'

const laptop = makeKey('anna@laptop')
const phone = makeKey('anna@phone')
const laptopFingerprint = parsePublicKey(laptop.public).fingerprint

async function withLaptop() {
  const platform = await createPlatform()
  await platform.run(`keys:add ${laptop.public}`, { as: 'anna' })
  return platform
}

describe('keys:add', () => {
  it.each([
    ['as words', { words: `keys:add ${phone.public}` }],
    ['from standard input', { words: 'keys:add', input: `${phone.public}\n` }],
    ['at a terminal', { words: 'keys:add', input: `${phone.public}\n`, terminal }],
  ])('takes a key %s', async (_how, { words, ...visit }) => {
    await using platform = await createPlatform()
    const { code, out } = await platform.run(words, { as: 'anna', ...visit })
    expect(code).toBe(0)
    expect(out).toContain(parsePublicKey(phone.public).fingerprint)
    expect((await platform.run('keys', { as: 'anna' })).out).toContain('anna@phone')
  })

  it('neither keeps nor repeats a private key', async () => {
    await using platform = await createPlatform()
    const { code, out, err } = await platform.run('keys:add', { as: 'anna', input: laptop.private })
    expect(code).toBe(2)
    expect(err).toContain('That is a private key')
    const secret = laptop.private.split('\n').slice(1, -2)
    for (const line of secret) expect(out + err).not.toContain(line)
    expect(await platform.store.keys.listOf(1)).toEqual([])
  })

  it('refuses a key that is there already, or is of somebody else', async () => {
    await using platform = await withLaptop()
    expect((await platform.run(`keys:add ${laptop.public}`, { as: 'anna' })).err).toContain('is there already')
    const other = await platform.run(`keys:add ${laptop.public}`, { as: 'ben' })
    expect([other.code, other.err.includes('anna')]).toEqual([5, false])
  })

  it('refuses an endless standard input', async () => {
    await using platform = await createPlatform()
    expect((await platform.run('keys:add', { input: 'x'.repeat(100_000) })).err).toContain('over 65536 bytes')
  })

  it('lets an admin add one for somebody', async () => {
    await using platform = await withLaptop()
    expect((await platform.run(`keys:add --account anna ${phone.public}`)).code).toBe(0)
    expect(JSON.parse((await platform.run('keys --account anna --json')).out)).toHaveLength(2)
  })
})

describe('keys', () => {
  it('marks the one you came in with', async () => {
    await using platform = await withLaptop()
    const visit = { as: 'anna', fingerprint: laptopFingerprint }
    expect((await platform.run('keys', visit)).out).toContain('anna@laptop (this one)')
    expect((await platform.run('whoami', visit)).out).toContain(`ssh, with ${laptopFingerprint} anna@laptop`)
  })

  it('says how to add the first', async () => {
    await using platform = await createPlatform()
    expect((await platform.run('keys')).out).toContain('keys:add < ~/.ssh/id_ed25519.pub')
  })
})

describe('keys:remove', () => {
  it('knows a key by its fingerprint, the start of it, or its comment', async () => {
    for (const typed of [
      laptopFingerprint,
      laptopFingerprint.slice(0, 15),
      laptopFingerprint.slice(7, 15),
      'anna@laptop',
    ]) {
      await using platform = await withLaptop()
      await platform.run(`keys:add ${phone.public}`, { as: 'anna' })
      expect((await platform.run(`keys:remove ${typed}`, { as: 'anna' })).code, typed).toBe(0)
      expect(await platform.store.keys.find(laptopFingerprint)).toBeUndefined()
    }
  })

  it('keeps the last key, force or not', async () => {
    await using platform = await withLaptop()
    for (const words of ['keys:remove anna@laptop', 'keys:remove anna@laptop --force'])
      expect((await platform.run(words, { as: 'anna' })).err).toContain('That is the last key of anna')
  })

  it('keeps the key you came in with unless forced', async () => {
    await using platform = await withLaptop()
    await platform.run(`keys:add ${phone.public}`, { as: 'anna' })
    const visit = { as: 'anna', fingerprint: laptopFingerprint }
    expect((await platform.run('keys:remove anna@laptop', visit)).code).toBe(5)
    expect((await platform.run('keys:remove anna@laptop --force', visit)).code).toBe(0)
  })

  it('lets an admin take the last key of somebody, when forced', async () => {
    await using platform = await withLaptop()
    expect((await platform.run('keys:remove anna@laptop --account anna')).code).toBe(5)
    expect((await platform.run('keys:remove anna@laptop --account anna --force')).code).toBe(0)
  })

  it('does not guess', async () => {
    await using platform = await withLaptop()
    await platform.run(`keys:add ${phone.public}`, { as: 'anna' })
    const { code, err } = await platform.run('keys:remove SHA256:', { as: 'anna' })
    expect(code).toBe(5)
    expect(err).toContain('anna@laptop')
    expect((await platform.run('keys:remove nothing', { as: 'anna' })).code).toBe(3)
    expect((await platform.run('keys:remove anna@laptop', { as: 'ben' })).code).toBe(3)
  })
})
