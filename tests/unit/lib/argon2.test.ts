import { argon2Sync } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import { hashPassword, isOutdated, matchesPassword } from '../../../src/lib/argon2.ts'

/** As another program writes it: RFC 9106's second choice. */
function foreignHash(password: string): string {
  const nonce = Buffer.alloc(16, 7)
  const tag = argon2Sync('argon2id', {
    ...{ message: password, nonce, parallelism: 4, tagLength: 32, memory: 65_536, passes: 3 },
  })
  const unpadded = (bytes: Buffer) => bytes.toString('base64').replace(/=+$/, '')
  return `$argon2id$v=19$m=65536,t=3,p=4$${unpadded(nonce)}$${unpadded(tag)}`
}

describe('a hash of a password', () => {
  it('fits that password only, and is another one each time', async () => {
    const [one, other] = await Promise.all([hashPassword('correct horse'), hashPassword('correct horse')])
    expect(one).toMatch(/^\$argon2id\$v=19\$m=19456,t=2,p=1\$[^$]{22}\$[^$]{43}$/)
    expect(one).not.toBe(other)
    expect(await matchesPassword('correct horse', one)).toBe(true)
    for (const wrong of ['correct hors', 'Correct horse', '', 'correct horse ']) {
      expect(await matchesPassword(wrong, one)).toBe(false)
    }
    expect(isOutdated(one)).toBe(false)
  })

  it('is read with the cost that it was made with', async () => {
    const foreign = foreignHash('correct horse')
    expect(await matchesPassword('correct horse', foreign)).toBe(true)
    expect(await matchesPassword('wrong horse', foreign)).toBe(false)
    expect(isOutdated(foreign)).toBe(true)
  })

  it('is no other text', async () => {
    for (const text of ['', '$2b$10$x', 'correct horse', '$argon2id$v=19$m=19456,t=2,p=1$short$short'])
      await expect(matchesPassword('x', text)).rejects.toThrow('no hash')
  })

  it('leaves the event loop free', async () => {
    let turns = 0
    const ticking = setInterval(() => turns++, 1)
    await Promise.all(Array.from({ length: 6 }, () => hashPassword('x')))
    clearInterval(ticking)
    expect(turns).toBeGreaterThan(3)
  })
})
