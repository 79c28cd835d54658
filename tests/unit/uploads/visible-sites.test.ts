// Which sites a session shows: all that fit, and those that matter most where more are there.
import { afterEach, beforeEach, expect, it } from 'vitest'
import { systemClock } from '../../../src/lib/clock.ts'
import type { Account } from '../../../src/store/accounts.ts'
import { openStore, type Store } from '../../../src/store/store.ts'
import { visibleSites } from '../../../src/uploads/visible-sites.ts'

let store: Store
let admin: Account
let ann: Account

beforeEach(async () => {
  store = await openStore(':memory:', systemClock)
  admin = await store.accounts.add('admin', 'admin')
  ann = await store.accounts.add('ann', 'user')
})
afterEach(async () => await store.close())

const addSites = async (owner: Account, prefix: string, count: number): Promise<void> => {
  for (let n = 0; n < count; n++)
    await store.sites.add({
      name: `${prefix}-${String(n).padStart(3, '0')}.localhost`,
      ownerId: owner.id,
      branch: 'main',
    })
}
const shownTo = async (account: Account, wanted: readonly string[] = []) => {
  const { sites, left } = await visibleSites(account, { store, wanted })
  return { names: sites.map(({ site }) => site.name), left }
}

it('all of one’s own, and nobody else’s', async () => {
  await addSites(ann, 'ann', 3)
  await addSites(admin, 'admin', 3)
  expect(await shownTo(ann)).toEqual({
    names: ['ann-000.localhost', 'ann-001.localhost', 'ann-002.localhost'],
    left: 0,
  })
  expect((await shownTo(admin)).names).toHaveLength(6)
})

it('to an admin of many: those asked for, its own, and then others', async () => {
  await addSites(ann, 'ann', 120)
  await addSites(admin, 'zoe', 2)
  const { names, left } = await shownTo(admin, ['ann-119.localhost', 'nobody.localhost'])
  expect(names.slice(0, 3)).toEqual(['ann-119.localhost', 'zoe-000.localhost', 'zoe-001.localhost'])
  expect(names).toHaveLength(100)
  expect(left).toBe(22)
  expect((await shownTo(admin)).names).not.toContain('ann-119.localhost')
})

it('to the owner of more than fit, too', async () => {
  await addSites(ann, 'ann', 101)
  expect(await shownTo(ann)).toMatchObject({ left: 1 })
  expect((await shownTo(ann, ['ann-100.localhost'])).names[0]).toBe('ann-100.localhost')
  expect((await shownTo(ann, ['admin.localhost'])).names).toHaveLength(100)
})
