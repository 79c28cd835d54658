// Says in plain words what is to stand at a key of hosting.toml, where the schema has no words of its own for it. Pure.
import type { z } from 'zod'

const wanted: Readonly<Record<string, string>> = {
  string: 'write a text in quotes',
  number: 'write a number',
  boolean: 'write true or false',
  array: 'write a list in square brackets, such as ["one", "two"]',
  object: 'write a table',
  record: 'write a table',
}

type RawIssue = z.core.$ZodRawIssue

/** For zod, as its `error` of one parse. Undefined: zod's own words. */
export function inPlainWords(issue: RawIssue): string | undefined {
  if (issue.code === 'invalid_type') return describeType(issue.expected, issue.input)
  if (issue.code === 'invalid_value') return `write ${issue.values.map((value) => `"${String(value)}"`).join(' or ')}`
  if (issue.code === 'invalid_union') return 'write a text in quotes, a number, true or false'
  return issue.code === 'too_small' ? 'this may not be empty' : undefined
}

function describeType(expected: string, input: unknown): string | undefined {
  const words = wanted[expected]
  if (words === undefined) return undefined
  return input === undefined ? `this is missing: ${words}` : `${words}; this is ${nameOf(input)}`
}

function nameOf(input: unknown): string {
  if (Array.isArray(input)) return 'a list'
  if (input instanceof Date) return 'a date'
  const names: Readonly<Record<string, string>> = { string: 'a text', number: 'a number', object: 'a table' }
  return names[typeof input] ?? 'true or false'
}
