import { z } from 'zod'
import { HostingError } from '../../errors/hosting-error.ts'
import { readInput } from '../ask.ts'
import { type SiteContext, siteCommand } from '../command.ts'
import type { Outcome } from '../types.ts'
import { changed } from './changed.ts'

export const envSet = siteCommand({
  name: 'env:set',
  group: 'Environment',
  summary: 'Set variables of a site, as a new release',
  description:
    'The release that is live is started anew with them, proven like a push, and switched to; if it does not answer, nothing is changed.\nNAME=- takes the value from standard input: secrets then are in no history of a shell.',
  arguments: [{ name: 'assignment', description: 'NAME=VALUE', rest: true }],
  examples: ['env:set demo MODE=production', 'env:set demo API_TOKEN=- < token.txt'],
  permission: 'site:operate',
  input: z.object({ assignment: z.array(z.string()) }),
  run: async (context, { assignment }) => await setVariables(context, assignment),
})

async function setVariables(context: SiteContext, words: readonly string[]): Promise<Outcome> {
  const { deployments, site, account, progress } = context
  const assignments = words.map(parseAssignment)
  const twice = assignments.find(([name], index) => assignments.findIndex(([other]) => other === name) !== index)
  if (twice !== undefined) throw new HostingError('usage', `${twice[0]} is given twice`)
  const set = Object.fromEntries(await withInput(context, assignments))
  return await changed(context, await deployments.changeEnvironment(site, { set, account, print: progress }))
}

/** The value is in no message: what has no `=` may be the rest of a secret that was not quoted. */
function parseAssignment(word: string): readonly [name: string, value: string] {
  const equals = word.indexOf('=')
  if (equals > 0) return [word.slice(0, equals), word.slice(equals + 1)]
  throw new HostingError('usage', 'Each variable is given as NAME=VALUE, and one of the words is not', {
    hint: 'Quote a value with spaces twice, for your shell and for ours: ssh host "env:set SITE NAME=\'a b\'"',
  })
}

/** One line end is taken off: editors and `echo` put it there. */
async function withInput(context: SiteContext, assignments: readonly (readonly [string, string])[]) {
  const fromInput = assignments.filter(([, value]) => value === '-')
  if (fromInput.length === 0) return assignments
  if (fromInput.length > 1) throw new HostingError('usage', 'Only one value can be read from standard input')
  const input = (await readInput(context, `the value of ${fromInput[0]?.[0] ?? ''}`)).replace(/\r?\n$/, '')
  return assignments.map(([name, value]) => [name, value === '-' ? input : value] as const)
}
