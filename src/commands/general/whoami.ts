import { command } from '../command.ts'
import { nothing } from '../inputs.ts'
import { facts } from '../output/outcome.ts'

export const whoami = command({
  name: 'whoami',
  group: 'General',
  summary: 'Show who you are here',
  examples: ['whoami'],
  permission: 'signed-in',
  input: nothing,
  run: async ({ account, store, fingerprint, door }) => {
    const key = fingerprint === undefined ? undefined : await store.keys.find(fingerprint)
    const data = {
      account: account.name,
      role: account.role,
      door,
      key: key === undefined ? null : { fingerprint: key.fingerprint, comment: key.comment },
    }
    return facts(data, () => [
      ['Account', data.account],
      ['Role', data.role],
      ['Came by', key === undefined ? door : `${door}, with ${key.fingerprint} ${key.comment}`],
    ])
  },
})
