// Who the workers of nginx are, and whether the daemon may give directories to their group.
import { HostingError } from '../errors/hosting-error.ts'
import { exec } from '../lib/exec.ts'

export interface EdgeUser {
  readonly user: string
  readonly group: string
  readonly gid: number
}

/**
 * The user of the configuration key `edge-user`; undefined when the daemon is neither root nor a member of that user's group:
 * then nginx and its workers run as whoever runs the daemon, and nothing has to be shared.
 * @throws HostingError invalid-config when root names a user that does not exist
 */
export async function findEdgeUser(name: string): Promise<EdgeUser | undefined> {
  const isRoot = process.getuid?.() === 0
  const [gid, group] = await Promise.all([idOf(['-g', name]), idOf(['-gn', name])])
  if (gid === undefined || group === undefined) {
    if (!isRoot) return undefined
    throw new HostingError('invalid-config', `There is no user ${name} for the workers of nginx`, {
      hint: 'Set edge-user to one that exists, or install nginx: apt-get install nginx-light',
    })
  }
  const shared = isRoot || process.getgroups?.().includes(Number(gid)) === true
  return shared ? { user: name, group, gid: Number(gid) } : undefined
}

async function idOf(args: readonly string[]): Promise<string | undefined> {
  const { exitCode, stdout } = await exec('id', args)
  return exitCode === 0 ? stdout.trim() : undefined
}
