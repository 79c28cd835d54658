import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { createSite } from '../../../src/access/sites.ts'
import { loadConfig } from '../../../src/config/load.ts'
import { systemClock } from '../../../src/lib/clock.ts'
import { parseHostName } from '../../../src/names/host-name.ts'
import { openStore, type Store } from '../../../src/store/store.ts'

const config = loadConfig({ flags: { 'base-domain': 'apps.example.org' }, env: {} })
let store: Store
beforeEach(async () => (store = await openStore(':memory:', systemClock)))
afterEach(async () => await store.close())

async function take(name: string, as: string, role: 'admin' | 'user' = 'user'): Promise<string> {
  const account = (await store.accounts.find(as)) ?? (await store.accounts.add(as, role))
  try {
    await createSite({ store, config, account, name: parseHostName(name) })
    return 'taken'
  } catch (error) {
    return (error as { code: string }).code
  }
}

describe('a name', () => {
  it('is given once', async () => {
    expect(await take('demo.apps.example.org', 'anna')).toBe('taken')
    expect(await take('demo.apps.example.org', 'ben')).toBe('conflict')
    expect(await take('demo.apps.example.org', 'anna')).toBe('conflict')
  })

  it('is given to one of two that ask at once, whole', async () => {
    const answers = await Promise.all([take('a.example', 'anna'), take('a.example', 'ben')])
    expect(answers.sort()).toEqual(['conflict', 'taken'])
    expect(await store.domains.list()).toHaveLength(1)
  })

  it('below a site belongs to the owner of the site', async () => {
    await take('club.example', 'anna')
    expect(await take('www.club.example', 'ben')).toBe('forbidden')
    expect(await take('deep.www.club.example', 'ben')).toBe('forbidden')
    expect(await take('notclub.example', 'ben')).toBe('taken')
    expect(await take('www.club.example', 'anna')).toBe('taken')
    expect(await take('old.club.example', 'root', 'admin')).toBe('taken')
  })

  it('of the platform is for nobody, and those above it for admins', async () => {
    expect(await take('apps.example.org', 'root', 'admin')).toBe('forbidden')
    expect(await take('example.org', 'anna')).toBe('forbidden')
    expect(await take('example.org', 'root', 'admin')).toBe('taken')
    // The base domain is nobody's, so whoever has the name above it has no say below it.
    expect(await take('demo.apps.example.org', 'anna')).toBe('taken')
  })
})
