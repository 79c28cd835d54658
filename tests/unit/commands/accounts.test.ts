import { describe, expect, it } from 'vitest'
import { makeKey } from '../access/pasted-keys.ts'
import { createPlatform, terminal } from './platform.ts'

const key = makeKey('anna@laptop').public

describe('accounts:add', () => {
  it('makes an account with a key', async () => {
    await using platform = await createPlatform()
    expect((await platform.run('accounts:add anna', { input: key })).code).toBe(0)
    const [row] = JSON.parse((await platform.run('accounts --json')).out) as unknown[]
    expect(row).toMatchObject({ name: 'anna', role: 'user', keys: 1, sites: 0, lastSeenAt: null })
  })

  it('says what is missing when there is no key, and does not wait for one at a terminal', async () => {
    await using platform = await createPlatform()
    for (const [name, visit] of [
      ['anna', {}],
      ['ben', { terminal }],
    ] as const)
      expect((await platform.run(`accounts:add ${name}`, visit)).out).toContain(`keys:add --account ${name}`)
  })

  it('leaves nothing behind when the key is refused', async () => {
    await using platform = await createPlatform()
    expect((await platform.run('accounts:add anna', { input: 'nonsense' })).code).toBe(2)
    expect(await platform.store.accounts.find('anna')).toBeUndefined()
  })

  it.each([
    ['Anna', 2],
    ['1a', 2],
    ['root', 5],
    ['a'.repeat(33), 2],
  ])('refuses the name %s', async (name, status) => {
    await using platform = await createPlatform()
    expect((await platform.run(`accounts:add ${name}`, { input: key })).code).toBe(status)
  })
})

describe('accounts:remove', () => {
  it('refuses while sites are owned, and for the last admin', async () => {
    await using platform = await createPlatform()
    await platform.site('demo.localhost', 'anna')
    const owns = await platform.run('accounts:remove anna')
    expect([owns.code, owns.err.includes('demo.localhost')]).toEqual([5, true])
    expect((await platform.run('accounts:remove root')).err).toContain('root is the last admin')
    expect((await platform.run('accounts:remove nobody')).code).toBe(3)
  })

  it('takes keys and access with it', async () => {
    await using platform = await createPlatform()
    const { id } = await platform.site('demo.localhost', 'root')
    await platform.run('accounts:add anna', { input: key })
    await platform.run('access:add demo anna')
    expect((await platform.run('accounts:remove anna')).code).toBe(0)
    expect(await platform.store.grants.listOf(id)).toEqual([])
    expect((await platform.run('accounts:add ben', { input: key })).code).toBe(0)
  })
})

describe('access', () => {
  it('is given, changed, listed and taken', async () => {
    await using platform = await createPlatform()
    await platform.site('demo.localhost', 'anna')
    await platform.account('ben')
    const list = async () =>
      (JSON.parse((await platform.run('access demo --json')).out) as { account: string; role: string }[]).map(
        ({ account, role }) => `${account} ${role}`,
      )
    await platform.run('access:add demo ben', { as: 'anna' })
    expect(await list()).toEqual(['anna owner', 'ben write'])
    await platform.run('access:add demo ben --role read', { as: 'anna' })
    expect(await list()).toEqual(['anna owner', 'ben read'])
    await platform.run('access:remove demo ben', { as: 'anna' })
    expect(await list()).toEqual(['anna owner'])
  })

  it.each([
    ['access:add demo anna', 5],
    ['access:add demo nobody', 3],
    ['access:remove demo root', 3],
  ])('%s is refused', async (words, status) => {
    await using platform = await createPlatform()
    await platform.site('demo.localhost', 'anna')
    expect((await platform.run(words)).code).toBe(status)
  })
})
