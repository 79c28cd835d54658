// Which PHP a site runs on: hosting.toml, else .php-version, else what composer.json requires, else the newest.
import { HostingError } from '../../errors/hosting-error.ts'
import { refuseProblems } from '../problem.ts'
import { findOffered, type OfferedVersion } from './offered.ts'

export interface VersionWish {
  readonly offered: readonly OfferedVersion[]
  /** `[php] version` of hosting.toml. */
  readonly configured?: string | undefined
  /** The content of .php-version. */
  readonly versionFile?: string | undefined
  /** `require.php` of composer.json. */
  readonly constraint?: string | undefined
  /** The last of the versions that a constraint in Composer's syntax accepts. */
  readonly solve: (constraint: string) => Promise<Solution>
}

/** A version, or why there is none. */
export type Solution = { readonly version: string } | { readonly problem: 'none' | 'invalid' }

export interface ChosenVersion {
  readonly version: OfferedVersion
  /** Where it was asked for. */
  readonly why: string
}

/** @throws HostingError invalid-site-config when none of those on offer fits */
export async function chooseVersion(wish: VersionWish): Promise<ChosenVersion> {
  const { offered, configured, versionFile, constraint } = wish
  if (configured !== undefined) return named(offered, configured, 'hosting.toml')
  if (versionFile !== undefined) return named(offered, parseVersionFile(versionFile), '.php-version')
  if (constraint !== undefined) return await solved(wish, constraint)
  const newest = offered.at(-1)
  if (newest === undefined) throw new Error('versions.json is empty')
  return { version: newest, why: 'the newest' }
}

function named(offered: readonly OfferedVersion[], wanted: string, where: string): ChosenVersion {
  return { version: findOffered(offered, wanted, where), why: where }
}

/** What phpenv, phpbrew and the like write: 8.2, 8.2.10, php-8.2.10. The patch level is Debian's. */
export function parseVersionFile(text: string): string {
  const version = /^(?:php-)?(\d+\.\d+)(?:\.\d+|\.x)?\s*$/.exec(text.trim())?.[1]
  if (version === undefined)
    refuseProblems([{ file: '.php-version', text: `"${text.trim().slice(0, 40)}" is no version such as 8.2` }])
  return version ?? ''
}

async function solved({ offered, solve }: VersionWish, constraint: string): Promise<ChosenVersion> {
  const solution = await solve(constraint)
  const why = `composer.json: ${constraint}`
  if ('version' in solution) return { ...named(offered, solution.version, 'composer.json'), why }
  const list = offered.map(({ version }) => version).join(', ')
  throw new HostingError(
    'invalid-site-config',
    solution.problem === 'invalid'
      ? `composer.json requires PHP "${constraint}", which is no version constraint`
      : `composer.json requires PHP "${constraint}", which this server does not have`,
    { hint: `There is PHP ${list}.` },
  )
}
