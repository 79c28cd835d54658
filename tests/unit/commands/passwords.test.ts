import { describe, expect, it } from 'vitest'
import { matchesPassword } from '../../../src/lib/argon2.ts'
import { createPlatform, type Platform, terminal } from './platform.ts'

const right = 'four words in a row'

async function hasPassword(platform: Platform, name: string, password = right): Promise<boolean> {
  const stored = await platform.store.passwords.findByName(name)
  return stored !== undefined && (await matchesPassword(password, stored.hash))
}

describe('password', () => {
  it('is read from standard input, without the line end', async () => {
    await using platform = await createPlatform()
    const { code, out, err } = await platform.run('password', { as: 'anna', input: `${right}\r\n` })
    expect([code, out]).toEqual([0, '✓ anna has a new password\n'])
    expect(out + err).not.toContain(right)
    expect(await hasPassword(platform, 'anna')).toBe(true)
  })

  it('is asked for twice at a terminal, and not shown', async () => {
    await using platform = await createPlatform()
    const { code, out } = await platform.run('password', { as: 'anna', terminal, input: `${right}\r${right}\r` })
    expect(code).toBe(0)
    expect(out).toContain('New password: ')
    expect(out).not.toContain(right)
    expect(await hasPassword(platform, 'anna')).toBe(true)
  })

  it('stays what it was when the two differ, or the person gives up', async () => {
    await using platform = await createPlatform()
    await platform.run('password', { as: 'anna', input: right })
    for (const input of ['another password\ranother pasword\r', 'another password\r', '\u0004']) {
      const { code, err } = await platform.run('password', { as: 'anna', terminal, input })
      expect({ input, code }).toEqual({ input, code: 2 })
      expect(err).not.toContain('another')
    }
    expect(await hasPassword(platform, 'anna')).toBe(true)
  })

  it('may be set and taken away by an admin', async () => {
    await using platform = await createPlatform()
    await platform.account('anna')
    expect((await platform.run('password --account anna', { input: right })).code).toBe(0)
    expect(await hasPassword(platform, 'anna')).toBe(true)
    expect((await platform.run('password --account anna --remove')).code).toBe(0)
    expect(await platform.store.passwords.findByName('anna')).toBeUndefined()
  })
})

describe('tokens:add', () => {
  it('shows the secret, this once', async () => {
    await using platform = await createPlatform()
    await platform.site('demo.localhost', 'anna')
    const { code, out } = await platform.run('tokens:add --site demo --write --expires 12h', { as: 'anna' })
    const [secret = '', said] = out.split('\n')
    expect(code).toBe(0)
    expect(secret).toMatch(/^hosting_[A-Za-z0-9_-]{43}$/)
    expect(said).toMatch(/^✓ Token [0-9a-f]{8} may write demo\.localhost until \d{4}-\d\d-\d\d\.$/)
    const listed = await platform.run('tokens --json', { as: 'anna' })
    expect(listed.out).not.toContain(secret)
    expect(JSON.parse(listed.out)).toMatchObject([
      { may: 'write', sites: ['demo.localhost'], expired: false, lastUsedAt: null },
    ])
  })

  it('is for all sites, to read, for 90 days, if nothing else is said', async () => {
    await using platform = await createPlatform()
    await platform.run('tokens:add my backup', { as: 'anna' })
    const [token] = JSON.parse((await platform.run('tokens --json', { as: 'anna' })).out) as { expiresAt: string }[]
    expect(token).toMatchObject({ comment: 'my backup', may: 'read', sites: null })
    expect(Date.parse(token!.expiresAt) - Date.now()).toBeGreaterThan(89.9 * 86_400_000)
    expect((await platform.run('tokens', { as: 'anna', terminal })).out).toMatch(/in (89|90) d/)
  })

  it.each(['0d', '90', '90m', '-1d', '4000d', 'soon'])('refuses --expires %s', async (expires) => {
    await using platform = await createPlatform()
    expect((await platform.run(`tokens:add --expires ${expires}`)).code).toBe(2)
  })

  it('is for sites that the account has', async () => {
    await using platform = await createPlatform()
    await platform.site('demo.localhost', 'anna')
    await platform.account('ben')
    expect((await platform.run('tokens:add --site demo', { as: 'ben' })).code).toBe(3)
    // What an admin makes for somebody is what that somebody may.
    expect((await platform.run('tokens:add --site demo --account ben')).code).toBe(3)
  })
})

describe('tokens:remove', () => {
  it('is for one’s own', async () => {
    await using platform = await createPlatform()
    await platform.run('tokens:add', { as: 'anna' })
    const [token] = JSON.parse((await platform.run('tokens --json', { as: 'anna' })).out) as { id: string }[]
    expect((await platform.run(`tokens:remove ${token!.id}`, { as: 'ben' })).code).toBe(3)
    expect((await platform.run(`tokens:remove ${token!.id}`, { as: 'anna' })).code).toBe(0)
    expect((await platform.run('tokens', { as: 'anna' })).out).toContain('No tokens yet')
  })
})
