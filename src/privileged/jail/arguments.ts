// The jail of one session, as arguments of bubblewrap: a pure function; jail/enter.c does the rest from the inside. Places follow from the
// configuration and the order's numbers and names.
import { join, relative } from 'node:path'
import { fileURLToPath } from 'node:url'
import { type Home, releasePath, viewPath } from '../../config/home.ts'
import { siteUid } from '../../names/site-uid.ts'
import type { JailOrder, SiteInJail } from './order.ts'

export interface JailSetting {
  readonly home: Home
  /** Whom a session becomes; undefined: this process is not root, and it stays who it is. */
  readonly user: JailUser | undefined
  /** Largest file that can be written. */
  readonly fileBytes: number
}

export interface JailUser {
  readonly uid: number
  readonly gid: number
}

/** They tell of themselves on this descriptor, a socket: enter.c. */
export const reportDescriptor = 3

export const programs: Readonly<Record<JailOrder['program']['name'], string>> = {
  SFTP: '/usr/lib/openssh/sftp-server',
  scp: '/usr/bin/scp',
  rsync: '/usr/bin/rsync',
  tar: '/usr/bin/tar',
}

const jailLibrary = fileURLToPath(new URL('../../../jail/enter.so', import.meta.url))
const limits = { files: 1024, processes: 16, memoryBytes: 1024 * 1024 * 1024 }

export function jailArguments(given: JailOrder, setting: JailSetting): string[] {
  const order = { ...given, sites: given.sites.map((site) => withNewestReleases(site, given.sites.length)) }
  const { user, home } = setting
  const program = programs[order.program.name]
  return [
    ...['--unshare-pid', '--unshare-ipc', '--unshare-uts', '--unshare-cgroup-try'],
    // Root makes its user namespace when the mounts are done (jail/enter.c): files are its user's then. And its network, which bubblewrap
    // would need one right more for.
    ...(user === undefined ? ['--unshare-user', '--unshare-net'] : []),
    ...['--die-with-parent', '--as-pid-1', '--cap-drop', 'ALL'],
    ...capabilities(user).flatMap((capability) => ['--cap-add', capability]),
    ...systemMounts(program),
    // For the mapping of users (enter.c), which is root's to make.
    ...(user === undefined ? [] : ['--proc', '/proc']),
    ...['--bind', home.root, '/platform', '--perms', '0755', '--dir', '/tree'],
    ...['--perms', '0755', '--dir', '/tree/.releases', ...order.sites.flatMap(folders)],
    ...['--remount-ro', '/', '--chdir', '/', '--clearenv'],
    ...Object.entries(environment(order, setting)).flatMap(([name, value]) => ['--setenv', name, value]),
    ...['--', program, ...ownArguments(order, user), ...order.program.args],
  ]
}

/** bubblewrap takes 9,000 arguments, four of them for each. */
function withNewestReleases(site: SiteInJail, sites: number): SiteInJail {
  const most = Math.max(1, Math.floor(1500 / sites))
  return { ...site, releases: site.releases.toSorted((a, b) => b.number - a.number).slice(0, most) }
}

/** What enter.c needs to mount what is shown and to give up all of them. */
function capabilities(user: JailUser | undefined): string[] {
  if (user === undefined) return ['CAP_SYS_CHROOT', 'CAP_SYS_ADMIN']
  return ['CAP_SYS_CHROOT', 'CAP_SYS_ADMIN', 'CAP_SETUID', 'CAP_SETGID', 'CAP_CHOWN', 'CAP_DAC_OVERRIDE', 'CAP_KILL']
}

/** Out of reach once the program has begun. */
function systemMounts(program: string): string[] {
  return [
    ...['--ro-bind', '/usr/lib', '/usr/lib', '--ro-bind-try', '/usr/lib64', '/usr/lib64'],
    ...['--symlink', 'usr/lib', '/lib', '--symlink', 'usr/lib64', '/lib64'],
    ...(program.startsWith('/usr/lib/') ? [] : ['--ro-bind', program, program]),
    ...['--ro-bind', jailLibrary, '/enter.so', '--dev-bind', '/dev/null', '/dev/null'],
  ]
}

/** What is mounted by enter.c needs a place. */
function folders({ name, hasTree, releases }: SiteInJail): string[] {
  const own = releases.length === 0 ? [] : [`/tree/.releases/${name}`]
  const each = releases.map(({ number }) => `/tree/.releases/${name}/${number}`)
  const folder = (path: string) => ['--perms', '0755', '--dir', path]
  // Storage alone stands in a folder that has to be made.
  return [...(hasTree ? folder : tmpfs)(`/tree/${name}`), ...[...own, ...each].flatMap(folder)]
}

function tmpfs(path: string): string[] {
  return ['--perms', '0755', '--tmpfs', path]
}

function ownArguments({ program, sites }: JailOrder, user: JailUser | undefined): string[] {
  if (program.name !== 'SFTP') return []
  // Without root, what lies in storage is written by whoever comes: the site itself must be able to change it, too.
  const isShared = user === undefined && sites.some(({ storage }) => storage.length > 0)
  return ['-u', isShared ? '000' : '022']
}

function environment(order: JailOrder, { home, user, fileBytes }: JailSetting): Record<string, string> {
  const { account, program, sites } = order
  const mounts = sites.map((site) => mountsOf(site, { account: account.id, home, user }))
  return {
    LD_PRELOAD: '/enter.so',
    JAIL_READY: String(reportDescriptor),
    JAIL_ACCOUNT: account.name,
    ...Object.fromEntries(mounts.map((lines, index) => [`JAIL_MOUNTS_${index}`, lines.join('\n')])),
    JAIL_FILES: String(limits.files),
    JAIL_PROCESSES: String(limits.processes),
    JAIL_MEMORY: String(limits.memoryBytes),
    JAIL_FILE_SIZE: String(fileBytes),
    JAIL_CORE: '0',
    ...(user === undefined ? {} : { JAIL_USER: String(user.uid), JAIL_GROUP: String(user.gid) }),
    // Programs that have nothing more to ask the system once they are loaded.
    ...(program.name === 'rsync' || program.name === 'tar' ? { JAIL_AT_ONCE: '1' } : {}),
  }
}

interface Places {
  readonly account: number
  readonly home: Home
  readonly user: JailUser | undefined
}

/** Lines of enter.c: a folder of the home, a path in there, where it is shown, what it is, how, whose it is on disk. */
function mountsOf({ id, name, writable, hasTree, storage, releases }: SiteInJail, places: Places): string[] {
  const { home, account, user } = places
  const below = (path: string) => relative(home.root, path)
  const how = writable ? 'rw' : 'ro'
  const tree = [[below(viewPath(home, id, account)), 'tree', name, 'd', how, 0]]
  const onDisk = user === undefined ? 0 : siteUid(id)
  return [
    ...(hasTree ? tree : []),
    ...releases.map((release) => {
      const place = below(releasePath(home, name, release.directory))
      return [place, release.part, `.releases/${name}/${release.number}`, 'd', 'ro', 0]
    }),
    ...storage.map(({ path, isFolder }) => {
      return [below(join(home.storage, name)), path, `${name}/${path}`, isFolder ? 'd' : 'f', how, onDisk]
    }),
  ].map((fields) => fields.join('\t'))
}
