// Pieces of what is typed that several commands share. Messages are read after the name of the option or argument.
import { z } from 'zod'

export const nothing = z.object({})

export const releaseNumber = z
  .string()
  .regex(/^#?[1-9]\d{0,8}$/, 'must be the number of a release, such as 12')
  .transform((text) => Number(text.replace('#', '')))

export function oneOf<const Values extends readonly [string, ...string[]]>(...values: Values) {
  return z.enum(values, `must be ${values.slice(0, -1).join(', ')} or ${values.at(-1) ?? ''}`)
}

export const flag = z.boolean().default(false)

/** The words of a public key that a command line split, or none. */
export const keyWords = z
  .array(z.string())
  .default([])
  .transform((words) => words.join(' '))
