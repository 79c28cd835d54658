// What a repository says about itself: hosting.toml, and the health check and cron jobs of app.json. All mistakes are listed at once.
import { join } from 'node:path'
import { parse, TomlError } from 'smol-toml'
import type { z } from 'zod'
import { parseAppJson } from './app-json.ts'
import { type Problem, RefusedProblems, refuseProblems } from './problem.ts'
import { readRepositoryFile } from './repository-file.ts'
import type { CronEntry } from './schedule.ts'
import { type SiteConfig, siteConfigSchema } from './site-config-schema.ts'
import { findKeyLine } from './toml-lines.ts'
import { inPlainWords } from './toml-words.ts'

const file = 'hosting.toml'
const maxBytes = 64 * 1024

/** @throws HostingError invalid-site-config, with file, line and key of everything that is wrong */
export async function readSiteConfig(treeDirectory: string): Promise<SiteConfig> {
  const [toml, appJson] = await Promise.all([
    readRepositoryFile({ name: file, path: join(treeDirectory, file), maxBytes }),
    readRepositoryFile({ name: 'app.json', path: join(treeDirectory, 'app.json'), maxBytes }),
  ])
  const config = toml === undefined ? {} : parseSiteConfig(toml.toString('utf8'))
  const app = appJson && parseAppJson(appJson.toString('utf8'))
  const healthPath = config.health?.path ?? app?.healthPath
  const cron = withoutRepeats([...(config.cron ?? []), ...(app?.cron ?? [])])
  return {
    ...config,
    ...(healthPath === undefined ? {} : { health: { ...config.health, path: healthPath } }),
    ...(cron.length === 0 ? {} : { cron }),
  }
}

/** The same command at the same time in both files is one entry. */
function withoutRepeats<Entry extends CronEntry>(entries: readonly Entry[]): Entry[] {
  const names = entries.map(({ schedule, command, timezone }) => JSON.stringify([schedule, command, timezone ?? 'UTC']))
  return entries.filter((_, index) => names.indexOf(names[index] ?? '') === index)
}

/** Gives mistakes that a buildpack finds in the values of hosting.toml their line. */
export async function locateMistakes<T>(treeDirectory: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work()
  } catch (error) {
    if (!(error instanceof RefusedProblems)) throw error
    const toml = await readRepositoryFile({ name: file, path: join(treeDirectory, file), maxBytes })
    refuseProblems(error.problems.map((problem) => located(problem, toml?.toString('utf8') ?? '')))
    throw error
  }
}

/** What is found later are settings of PHP, the third part of the key: their names have dots in them. */
function located(problem: Problem, toml: string): Problem {
  if (problem.file !== file || problem.line !== undefined || problem.key === undefined) return problem
  const [first = '', second = '', ...rest] = problem.key.split('.')
  const line = findKeyLine(toml, [first, second, rest.join('.')])
  return { ...problem, ...(line === undefined ? {} : { line }) }
}

/** @throws HostingError invalid-site-config */
export function parseSiteConfig(toml: string): SiteConfig {
  const result = siteConfigSchema.safeParse(parseToml(toml), { error: inPlainWords })
  if (result.success) return result.data
  refuseProblems(result.error.issues.flatMap((issue) => describeIssue(issue, toml)))
  throw result.error
}

function parseToml(toml: string): unknown {
  try {
    return parse(toml)
  } catch (error) {
    if (!(error instanceof TomlError)) throw error
    refuseProblems([{ file, line: error.line, column: error.column, text: `not TOML: ${explainSyntax(error, toml)}` }])
    return undefined
  }
}

/** The parser takes the end of a line inside a string for any control character; the mistake is nearly always a forgotten quote. */
function explainSyntax(error: TomlError, toml: string): string {
  const text = error.message.split('\n')[0]?.replace(/^Invalid TOML document: /, '') ?? error.message
  const rest = toml
    .split('\n')
    [error.line - 1]?.slice(error.column - 1)
    .trimEnd()
  const unclosed = /^control characters/.test(text) && rest === ''
  return unclosed ? 'a string is not closed at the end of this line (its second quote is missing)' : text
}

function describeIssue(issue: z.core.$ZodIssue, toml: string): Problem[] {
  if (issue.code !== 'unrecognized_keys') return [problemAt(issue.path, issue.message, toml)]
  return issue.keys.map((key) => problemAt([...issue.path, key], 'there is no such key', toml))
}

function problemAt(path: readonly PropertyKey[], text: string, toml: string): Problem {
  const line = findKeyLine(toml, path)
  return { file, ...(line === undefined ? {} : { line }), key: path.map(String).join('.'), text }
}
