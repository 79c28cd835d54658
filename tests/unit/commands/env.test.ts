import { describe, expect, it } from 'vitest'
import { storeEnvironment } from '../../../src/deploy/environment.ts'
import type { EnvironmentChange } from '../../../src/deploy/operations/environment.ts'
import { createPlatform } from './platform.ts'

async function withVariables() {
  const changes: EnvironmentChange[] = []
  const platform = await createPlatform({
    deployments: {
      changeEnvironment: async (site, change) => {
        changes.push(change)
        return { changed: Object.keys(change.set ?? {}), release: await platform.release(site.id) }
      },
    },
  })
  const site = await platform.site('demo.localhost', 'anna')
  await storeEnvironment(site, { TOKEN: 'topsecret-value', MODE: 'prod' }, platform)
  return { platform, changes, site, [Symbol.asyncDispose]: () => platform[Symbol.asyncDispose]() }
}

describe('env', () => {
  it('lists names, and values only when they are to be revealed', async () => {
    await using fixture = await withVariables()
    const { platform } = fixture
    const { out } = await platform.run('env demo')
    expect(out).toMatch(/NAME +VALUE +SET\nMODE +\*{8} .*\nTOKEN +\*{8} /)
    expect((await platform.run('env demo --json')).out).not.toContain('topsecret')
    expect(JSON.parse((await platform.run('env demo --reveal --json')).out)).toMatchObject([
      { name: 'MODE', value: 'prod' },
      { name: 'TOKEN', value: 'topsecret-value' },
    ])
  })

  it('is sealed in the database', async () => {
    await using fixture = await withVariables()
    const { platform, site } = fixture
    const stored = await platform.store.environment.listOf(site.id)
    expect(stored.map(({ name }) => name)).toEqual(['MODE', 'TOKEN'])
    expect(JSON.stringify(stored)).not.toContain('topsecret')
  })

  it('keeps the time of what is as it was, and goes with the site', async () => {
    await using fixture = await withVariables()
    const { platform, site } = fixture
    const [mode] = await platform.store.environment.listOf(site.id)
    await storeEnvironment(site, { MODE: 'prod', NEW: 'x' }, platform)
    expect(await platform.store.environment.listOf(site.id)).toMatchObject([mode, { name: 'NEW' }])
    await platform.store.sites.remove(site.id)
    expect(await platform.store.environment.listOf(site.id)).toEqual([])
  })
})

describe('env:set', () => {
  it('takes values with equals signs, quotes and spaces as they are', async () => {
    await using fixture = await withVariables()
    const { platform, changes } = fixture
    const { code, out } = await platform.run('env:set demo A=b=c=- EMPTY=', { as: 'anna' })
    expect([code, changes[0]?.set]).toEqual([0, { A: 'b=c=-', EMPTY: '' }])
    expect(out).toContain('✓ Changed A, EMPTY, live as release #1: http://demo.localhost:8080')
  })

  it('reads one value from standard input, of several lines if need be', async () => {
    await using fixture = await withVariables()
    const { platform, changes } = fixture
    const { out, err } = await platform.run('env:set demo KEY=- MODE=x', { input: 'line 1\nline 2 - é\n' })
    expect(changes[0]?.set).toEqual({ KEY: 'line 1\nline 2 - é', MODE: 'x' })
    expect(out + err).not.toContain('line 1')
    expect((await platform.run('env:set demo A=- B=-', { input: 'x' })).code).toBe(2)
  })

  it('refuses what is no assignment without repeating it', async () => {
    await using fixture = await withVariables()
    const { platform, changes } = fixture
    for (const words of ['TOKEN topsecret', '=topsecret', 'A=1 A=topsecret']) {
      const { code, out, err } = await platform.run(`env:set demo ${words}`)
      expect([code, (out + err).includes('topsecret')]).toEqual([2, false])
    }
    expect((await platform.run('env:set demo')).code).toBe(2)
    expect(changes).toEqual([])
  })
})

describe('env:unset', () => {
  it('names what goes', async () => {
    await using fixture = await withVariables()
    const { platform, changes } = fixture
    expect((await platform.run('env:unset demo TOKEN MODE')).code).toBe(0)
    expect(changes[0]?.unset).toEqual(['TOKEN', 'MODE'])
  })
})
