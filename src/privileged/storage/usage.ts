// Counts what lies in a storage, by the paths of a release: with find(1), as the site's own user, so that nothing privileged walks its tree.
import { ended, killGroup, start } from '../../lib/exec.ts'
import type { Amount } from '../verbs.ts'

export interface Usage {
  readonly paths: ReadonlyMap<string, Amount>
  /** Of the site's making, but below none of the paths. */
  readonly elsewhere: Amount & { readonly names: string[] }
  /** Sessions, and uploads under way: kept there by the platform, which a site's owner has not asked for. */
  readonly sessions: Amount
  readonly partial: boolean
}

interface Asked {
  readonly directory: string
  readonly paths: readonly string[]
  /** Undefined: this process can't become somebody else. */
  readonly uid: number | undefined
  readonly timeLimitMs: number
}

const blockBytes = 512
const keptByPlatform = '.hosting/'
const maxNames = 20

export async function measureUsage({ directory, paths, uid, timeLimitMs }: Asked): Promise<Usage> {
  const find = ['find', '.', '-xdev', '-mindepth', '1', '!', '-type', 'd', '-printf', String.raw`%b %P\0`]
  const [file = '', ...args] = uid === undefined ? find : [...become(uid), ...find]
  const child = start(file, args, { cwd: directory, stdio: ['ignore', 'pipe', 'ignore'] })
  const counter = createCounter(paths)
  child.stdout?.on('data', (chunk: Buffer) => counter.push(chunk))
  const timer = setTimeout(() => killGroup(child.pid), timeLimitMs)
  try {
    // 128 + SIGKILL: it was cut off. Other failures are directories that the site has closed to itself.
    const partial = (await ended(child)) === 137
    return { ...counter.result(), partial }
  } finally {
    clearTimeout(timer)
  }
}

function become(uid: number): string[] {
  return ['setpriv', `--reuid=${uid}`, `--regid=${uid}`, '--clear-groups', '--no-new-privs', '--inh-caps=-all', '--']
}

/** Pure: records of `find`, in pieces, into sums. */
export function createCounter(paths: readonly string[]) {
  const sums = new Map(paths.map((path) => [path, { bytes: 0, files: 0 }]))
  const prefixes = paths.map((path) => ({
    path,
    prefix: Buffer.from(path.replace(/\/*$/, ''), 'utf8').toString('latin1'),
  }))
  const elsewhere = { bytes: 0, files: 0 }
  const names = new Set<string>()
  const sessions = { bytes: 0, files: 0 }
  let rest = ''

  function count(record: string): void {
    const space = record.indexOf(' ')
    const name = record.slice(space + 1)
    const within = prefixes.find(({ prefix }) => name === prefix || name.startsWith(`${prefix}/`))
    const sum = (within && sums.get(within.path)) ?? (name.startsWith(keptByPlatform) ? sessions : elsewhere)
    sum.bytes += Number(record.slice(0, space)) * blockBytes
    sum.files += 1
    if (sum === elsewhere && names.size < maxNames) names.add(name.replace(/\/.*$/s, '/'))
  }

  return {
    push(chunk: Buffer): void {
      const records = (rest + chunk.toString('latin1')).split('\0')
      rest = records.pop() ?? ''
      records.forEach(count)
    },
    result: () => ({ paths: sums, elsewhere: { ...elsewhere, names: [...names].map(asText).sort() }, sessions }),
  }
}

function asText(name: string): string {
  return Buffer.from(name, 'latin1').toString('utf8')
}
