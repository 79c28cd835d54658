import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { addKey } from '../../../src/access/keys.ts'
import { ensureFirstAdmin } from '../../../src/access/first-admin.ts'
import { systemClock } from '../../../src/lib/clock.ts'
import { openStore, type Store } from '../../../src/store/store.ts'
import { dsaKey, makeKey } from './pasted-keys.ts'

const [laptop, phone] = [makeKey('laptop'), makeKey('phone')]
let store: Store
beforeEach(async () => (store = await openStore(':memory:', systemClock)))
afterEach(async () => await store.close())

const commentsOf = async (name: string) => {
  const account = await store.accounts.find(name)
  return (await store.keys.listOf(account!.id)).map(({ comment }) => comment)
}

describe('the first admin', () => {
  it('is made from whatever keys are usable', async () => {
    const restricted = `command="/bin/backup" ${phone.public}`
    const keys = [laptop.public, `# a comment\n\n${dsaKey}\n${restricted}\nnonsense`]
    expect(await ensureFirstAdmin({ store, keys, name: 'admin' })).toMatchObject({ name: 'admin', role: 'admin' })
    expect(await commentsOf('admin')).toEqual(['laptop'])
  })

  it('gets new keys at the next start, once each', async () => {
    await ensureFirstAdmin({ store, keys: [laptop.public], name: 'admin' })
    await ensureFirstAdmin({ store, keys: [laptop.public, phone.public], name: 'admin' })
    expect(await commentsOf('admin')).toEqual(['laptop', 'phone'])
  })

  it('is not made without a key', async () => {
    expect(await ensureFirstAdmin({ store, keys: ['', dsaKey], name: 'admin' })).toBeUndefined()
    expect(await store.accounts.list()).toEqual([])
  })

  it('is never a second one, nor a user who has the name', async () => {
    const boss = await store.accounts.add('boss', 'admin')
    await store.accounts.add('user', 'user')
    for (const name of ['admin', 'user'])
      expect(await ensureFirstAdmin({ store, keys: [laptop.public], name })).toEqual(boss)
    expect((await store.accounts.list()).map(({ name }) => name)).toEqual(['boss', 'user'])
    expect(await commentsOf('user')).toEqual([])
  })

  it('does not take a key from somebody', async () => {
    await ensureFirstAdmin({ store, keys: [laptop.public], name: 'admin' })
    const anna = await store.accounts.add('anna', 'user')
    await addKey(store, anna, phone.public)
    await ensureFirstAdmin({ store, keys: [phone.public], name: 'admin' })
    expect(await commentsOf('anna')).toEqual(['phone'])
    expect(await commentsOf('admin')).toEqual(['laptop'])
  })
})
