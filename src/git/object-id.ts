// Object ids and refs as git prints them, checked before they are used as arguments or given to others.
import { z } from 'zod'

/** SHA-1 or SHA-256, in hexadecimal. */
export const objectIdSchema = z.string().regex(/^(?:[0-9a-f]{40}|[0-9a-f]{64})$/)

/** What git-check-ref-format(1) leaves of a full ref name, as far as it matters to us: below refs/, no spaces, controls or `..`. */
export const refSchema = z
  .string()
  .max(1024)
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
  .regex(/^refs\/(?!.*\.\.)[^\u0000-\u0020\u007f~^:?*[\\]+$/)
