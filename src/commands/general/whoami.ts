import { command } from '../command.ts'
import { nothing } from '../inputs.ts'
import { facts } from '../output/outcome.ts'

export const whoami = command({
  name: 'whoami',
  group: 'General',
  summary: 'Show who you are here',
  examples: ['whoami'],
  permission: 'anybody',
  input: nothing,
  run: async ({ account, store, fingerprint, door }) => {
    const key = fingerprint === undefined ? undefined : await store.keys.find(fingerprint)
    const data = {
      account: account.name,
      role: account.role,
      door,
      key: key === undefined ? null : { fingerprint: key.fingerprint, comment: key.comment },
      token: account.scope?.token ?? null,
    }
    return facts(data, () => [
      ['Account', data.account],
      ['Role', data.role],
      ['Came by', `${door}${withWhat(data)}`],
    ])
  },
})

interface Brought {
  readonly key: { readonly fingerprint: string; readonly comment: string } | null
  readonly token: string | null
}

function withWhat({ key, token }: Brought): string {
  if (key !== null) return `, with ${key.fingerprint} ${key.comment}`
  return token === null ? '' : `, with the token ${token}`
}
