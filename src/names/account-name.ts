// Names of accounts and branches, as typed at a door.
import { z } from 'zod'
import { HostingError } from '../errors/hosting-error.ts'

export const accountNameSchema = z.string().regex(/^[a-z][a-z0-9._-]{0,31}$/)

/** @throws HostingError invalid-name */
export function parseAccountName(text: string): string {
  const parsed = accountNameSchema.safeParse(text)
  if (parsed.success) return parsed.data
  throw new HostingError('invalid-name', `"${text.slice(0, 80)}" can't be the name of an account`, {
    hint: 'Use 1 to 32 of a-z, 0-9, dot, hyphen and underscore, a letter first.',
  })
}

/** A branch as git-check-ref-format(1) allows it, narrowed to what needs no quoting anywhere. */
export const branchSchema = z
  .string()
  .max(200)
  .regex(/^(?!.*(\.\.|\/\/|\/\.|\.lock(\/|$)|@\{))[A-Za-z0-9_][A-Za-z0-9._/@+-]*(?<![./])$/)

/** @throws HostingError invalid-name */
export function parseBranch(text: string): string {
  const parsed = branchSchema.safeParse(text)
  if (parsed.success) return parsed.data
  throw new HostingError('invalid-name', `"${text.slice(0, 80)}" can't be the name of a branch`, {
    hint: 'Use letters, digits, and . _ - / between them.',
  })
}
