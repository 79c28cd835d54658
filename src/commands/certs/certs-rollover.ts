import { command } from '../command.ts'
import { nothing } from '../inputs.ts'
import { done } from '../output/outcome.ts'

export const certsRollover = command({
  name: 'certs:rollover',
  group: 'Certificates',
  summary: 'Change the key of the account with the CA',
  description:
    'For a key that others may have read: the old one is worth nothing afterwards. Certificates and orders under way stay as they are.',
  examples: ['certs:rollover'],
  permission: 'platform:change',
  input: nothing,
  run: async ({ certificates, gone }) => {
    const directory = await certificates.rollOver(gone)
    return done({ directory }, `The account with ${directory} has a new key`)
  },
})
