// One frozen configuration out of defaults < file < environment < flags, each mistake told in the words of its source.
import { resolve } from 'node:path'
import { HostingError } from '../errors/hosting-error.ts'
import { fromFile } from './file.ts'
import { homeAt, type Home } from './home.ts'
import { configSchema, type RawConfig } from './schema.ts'
import { fromEnv, fromFlags, type Given } from './sources.ts'

export { configKeys, envName } from './keys.ts'

export type Config = Omit<RawConfig, 'home'> & { readonly home: Home }

export interface ConfigSources {
  readonly flags: Readonly<Record<string, string>>
  readonly env: Readonly<Record<string, string | undefined>>
  readonly file?: string | undefined
}

/** @throws HostingError invalid-config naming the source, the key and the value as it was written */
export function loadConfig({ flags, env, file }: ConfigSources): Config {
  const sources = [fromFile(flags['config'] ?? env['HOSTING_CONFIG'] ?? file), fromEnv(env), fromFlags(flags)]
  const given = new Map(sources.flatMap((source) => source.given.map((each) => [each.key, each])))
  const unknown = sources.flatMap((source) => source.mistakes)
  const { home, ...rest } = check(given, unknown)
  return Object.freeze({ ...rest, home: homeAt(resolve(home), rest['run-link']) })
}

function check(given: ReadonlyMap<string, Given>, unknown: readonly string[]): RawConfig {
  const parsed = configSchema.safeParse(Object.fromEntries([...given].map(([key, { value }]) => [key, value])))
  const mistakes = parsed.success ? samePorts(parsed.data, given) : wrongValues(parsed.error.issues, given)
  if (!parsed.success || unknown.length + mistakes.length > 0) throw invalid([...unknown, ...mistakes])
  return parsed.data
}

/** Unknown keys have no path: their sources have named them already. */
function wrongValues(issues: readonly { path: PropertyKey[]; message: string }[], given: ReadonlyMap<string, Given>) {
  const reasons = new Map(issues.map(({ path, message }) => [String(path[0] ?? ''), message]))
  return [...reasons].flatMap(([key, reason]) => given.get(key)?.blame(reason) ?? [])
}

/** 0 is any free port, so two of them differ. */
function samePorts(config: RawConfig, given: ReadonlyMap<string, Given>): string[] {
  const pairs = [
    ['http-port', 'ssh-port'],
    ['http-port', 'https-port'],
    ['https-port', 'ssh-port'],
  ] as const
  return pairs.flatMap(([one, other]) => {
    if (config[one] === 0 || config[one] !== config[other]) return []
    const blame = given.get(one)?.blame(`is the ${other} too`) ?? given.get(other)?.blame(`is the ${one} too`)
    return blame ?? []
  })
}

function invalid(details: string[]): HostingError {
  return new HostingError('invalid-config', 'The configuration has mistakes', {
    details,
    hint: 'docs/configuration.md lists every key, its type and its default.',
  })
}
