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
