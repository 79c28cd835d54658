// The jail of one session, as arguments of bubblewrap: what is mounted where. A pure function; jail/enter.c does the rest from the inside.
import { fileURLToPath } from 'node:url'
import type { ShownSite } from '../../uploads/types.ts'

export interface Jail {
  readonly sites: readonly ShownSite[]
  readonly account: string
  /** The program's path on this machine, and its arguments. */
  readonly program: readonly [path: string, ...args: string[]]
  /** The user that it becomes; undefined: the platform is not root, and it stays who it is. */
  readonly uid: number | undefined
  readonly limits: JailLimits
  /** Whether the program has nothing more to ask the system once it is loaded. */
  readonly isReadyAtOnce: boolean
}

export interface JailLimits {
  readonly files: number
  readonly processes: number
  readonly memoryBytes: number
  readonly fileBytes: number
}

export const jailLibrary = fileURLToPath(new URL('../../../jail/enter.so', import.meta.url))
/** The program tells on it that the door is closed behind it. */
export const readyDescriptor = 3

export function jailArguments(jail: Jail): string[] {
  const { program, uid } = jail
  return [
    ...['--unshare-pid', '--unshare-net', '--unshare-ipc', '--unshare-uts', '--unshare-cgroup-try'],
    // Root makes its user namespace when the mounts are done (jail/enter.c): files are its user's then.
    ...(uid === undefined ? ['--unshare-user'] : []),
    ...['--die-with-parent', '--as-pid-1', '--hostname', 'sites', '--cap-drop', 'ALL'],
    ...capabilities(uid).flatMap((capability) => ['--cap-add', capability]),
    ...systemMounts(program[0]),
    // For the mapping of users (enter.c), which is root's to make.
    ...(uid === undefined ? [] : ['--proc', '/proc']),
    ...jail.sites.flatMap((site) => siteMounts(site, mostReleasesOf(jail))),
    ...['--remount-ro', '/', '--chdir', '/', '--clearenv'],
    ...Object.entries(environment(jail)).flatMap(([name, value]) => ['--setenv', name, value]),
    ...['--', ...program],
  ]
}

/** What enter.c needs to mount storage and to give up all of them. */
function capabilities(uid: number | undefined): string[] {
  if (uid === undefined) return ['CAP_SYS_CHROOT', 'CAP_SYS_ADMIN']
  return ['CAP_SYS_CHROOT', 'CAP_SYS_ADMIN', 'CAP_SETUID', 'CAP_SETGID', 'CAP_CHOWN', 'CAP_DAC_OVERRIDE', 'CAP_KILL']
}

/** Out of reach once the program has begun. */
function systemMounts(program: string): string[] {
  return [
    ...['--ro-bind', '/usr/lib', '/usr/lib', '--ro-bind-try', '/usr/lib64', '/usr/lib64'],
    ...['--symlink', 'usr/lib', '/lib', '--symlink', 'usr/lib64', '/lib64'],
    ...(program.startsWith('/usr/lib/') ? [] : ['--ro-bind', program, program]),
    ...['--ro-bind', jailLibrary, '/enter.so', '--dev-bind', '/dev/null', '/dev/null'],
    ...['--perms', '0755', '--dir', '/tree', '--perms', '0755', '--dir', '/tree/.releases'],
  ]
}

/** bubblewrap takes 9,000 arguments, three of them for each: with many sites, only the newest releases are shown. */
function mostReleasesOf({ sites }: Jail): number {
  return Math.max(1, Math.floor(2000 / Math.max(1, sites.length)))
}

function siteMounts({ name, tree, writable, storage, releases: all }: ShownSite, mostReleases: number): string[] {
  const releases = all.toSorted((a, b) => b.number - a.number).slice(0, mostReleases)
  return [
    ...[writable ? '--bind' : '--ro-bind', tree, `/tree/${name}`],
    ...(storage.paths.length === 0 ? [] : ['--bind', storage.directory, `/storage/${name}`]),
    ...(releases.length === 0 ? [] : ['--perms', '0755', '--dir', `/tree/.releases/${name}`]),
    ...releases.flatMap((release) => ['--ro-bind-try', release.tree, `/tree/.releases/${name}/${release.number}`]),
  ]
}

function environment({ account, uid, limits, sites, isReadyAtOnce }: Jail): Record<string, string> {
  return {
    LD_PRELOAD: '/enter.so',
    JAIL_READY: String(readyDescriptor),
    JAIL_ACCOUNT: account,
    JAIL_STORAGE: sites.flatMap(storageLines).join('\n'),
    JAIL_FILES: String(limits.files),
    JAIL_PROCESSES: String(limits.processes),
    JAIL_MEMORY: String(limits.memoryBytes),
    JAIL_FILE_SIZE: String(limits.fileBytes),
    JAIL_CORE: '0',
    ...(uid === undefined ? {} : { JAIL_USER: String(uid) }),
    ...(isReadyAtOnce ? { JAIL_AT_ONCE: '1' } : {}),
  }
}

function storageLines({ name, writable, storage }: ShownSite): string[] {
  return storage.paths.map(({ path, isFolder }) =>
    [
      name,
      Buffer.from(path, 'latin1').toString('utf8'),
      isFolder ? 'd' : 'f',
      writable ? 'rw' : 'ro',
      storage.uid ?? 0,
    ].join('\t'),
  )
}
