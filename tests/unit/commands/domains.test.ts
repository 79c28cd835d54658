import { describe, expect, it } from 'vitest'
import { createPlatform } from './platform.ts'

async function twoSites() {
  const platform = await createPlatform()
  await platform.site('demo.localhost', 'anna')
  await platform.site('club.example.org', 'ben')
  return platform
}

describe('domains:add', () => {
  it.each([
    ['a new name', 'www.example.net', 0],
    ['an IDN', 'bücher.example', 0],
    ['a free name below the base domain', 'other', 0],
    ['a name below its own', 'www.demo.localhost', 0],
    ["somebody else's site", 'club.example.org', 5],
    ['its own name', 'demo', 5],
    ["a name below somebody else's", 'www.club.example.org', 4],
    ["a name far below somebody else's", 'a.b.club.example.org', 4],
    ['the base domain', 'localhost', 2],
    ['an address', '127.0.0.1', 2],
    ['what is no name', 'a/b', 2],
  ])('answers for %s', async (_what, name, status) => {
    await using platform = await twoSites()
    const { code, err } = await platform.run(`domains:add demo ${name}`, { as: 'anna' })
    expect([code, err === '']).toEqual([status, status === 0])
    expect(platform.calls).toEqual(status === 0 ? ['routeDomains demo.localhost'] : [])
  })

  it('lets an admin decide about names below those of others', async () => {
    await using platform = await twoSites()
    expect((await platform.run('domains:add demo www.club.example.org')).code).toBe(0)
  })

  it('refuses a name that a domain of another site has', async () => {
    await using platform = await twoSites()
    await platform.run('domains:add club.example.org www.example.net', { as: 'ben' })
    expect((await platform.run('domains:add demo www.example.net', { as: 'anna' })).code).toBe(5)
    expect((await platform.run('create www.example.net', { as: 'anna' })).code).toBe(5)
  })

  it('tells only its owner and admins who has a name', async () => {
    await using platform = await twoSites()
    await platform.site('shop.example', 'anna')
    await platform.run('domains:add shop.example www.example.net', { as: 'anna' })
    const own = await platform.run('domains:add demo www.example.net', { as: 'anna' })
    expect(own.err).toContain('is taken: shop.example answers to it\n  → domains:remove shop.example www.example.net')
    expect((await platform.run('domains:add demo www.example.net')).err).toContain('shop.example answers to it')
    const others = await platform.run('domains:add club.example.org www.example.net', { as: 'ben' })
    expect(others.err).not.toContain('shop')
  })

  it('gives a name to one of two that ask at once', async () => {
    await using platform = await twoSites()
    const asked = [
      platform.run('domains:add demo www.example.net', { as: 'anna' }),
      platform.run('domains:add club.example.org www.example.net', { as: 'ben' }),
    ]
    expect((await Promise.all(asked)).map(({ code }) => code).sort()).toEqual([0, 5])
  })
})

describe('domains:remove', () => {
  it('takes a name away, and its route', async () => {
    const removed: unknown[] = []
    await using platform = await createPlatform({
      deployments: { routeDomains: async (_site, name) => void removed.push(name) },
    })
    await platform.site('demo.localhost', 'anna')
    await platform.run('domains:add demo www.example.net', { as: 'anna' })
    expect((await platform.run('domains:remove demo WWW.example.net', { as: 'anna' })).code).toBe(0)
    expect(removed).toEqual([undefined, 'www.example.net'])
    expect((await platform.run('domains demo --json')).out).not.toContain('www')
  })

  it.each([
    ['demo', 5],
    ['club.example.org', 3],
    ['nobody.example', 3],
  ])('refuses %s', async (name, status) => {
    await using platform = await twoSites()
    expect((await platform.run(`domains:remove demo ${name}`, { as: 'anna' })).code).toBe(status)
    expect(platform.calls).toEqual([])
    expect(await platform.store.domains.list()).toHaveLength(2)
  })
})

describe('domains:add --www', () => {
  it('adds the pair at once, or the half that was forgotten', async () => {
    await using platform = await twoSites()
    expect((await platform.run('domains:add demo example.net --primary', { as: 'anna' })).code).toBe(0)
    expect((await platform.run('domains:add demo example.net --www', { as: 'anna' })).code).toBe(0)
    const roles = async () =>
      (JSON.parse((await platform.run('domains demo --json')).out) as { name: string; role: string }[]).map(
        ({ name, role }) => `${name} ${role}`,
      )
    expect(await roles()).toEqual(['example.net primary', 'demo.localhost served', 'www.example.net redirect'])
    expect((await platform.run('domains:add demo www.example.com --www', { as: 'anna' })).code).toBe(0)
    expect(await roles()).toEqual(expect.arrayContaining(['www.example.com served', 'example.com redirect']))
    // One time the edge and the certificates follow, both names together.
    expect(platform.calls).toHaveLength(3)
  })

  it('keeps the name when its partner is not to be had, and says so', async () => {
    await using platform = await twoSites()
    await platform.run('domains:add club.example.org www.example.net', { as: 'ben' })
    const { code, err } = await platform.run('domains:add demo example.net --www', { as: 'anna' })
    expect(code).toBe(5)
    expect(err).toContain('example.net was added, but not www.example.net: www.example.net is taken')
    expect((await platform.run('domains demo', { as: 'anna' })).out).toContain('example.net')
  })
})
