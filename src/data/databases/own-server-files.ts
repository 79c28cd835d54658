// What the platform's own server finds on the host: its data, the directory of its socket, what it runs at each start.
import { chmod, chown } from 'node:fs/promises'
import { join } from 'node:path'
import type { Home } from '../../config/home.ts'
import { ensureDirectory, writeFileAtomic } from '../../lib/files.ts'
import { adminName } from './admin-password.ts'

/** Below the uids of sites. Where the platform is not root, it cannot give files away: there the server runs as its own user. */
const dedicatedUid = 199_999

export function serverUid(): number {
  const own = process.getuid?.() ?? 0
  return own === 0 ? dedicatedUid : own
}

export function placesIn({ databases, link }: Home) {
  const root = join(databases, 'mariadb')
  return {
    data: join(root, 'data'),
    run: join(root, 'run'),
    init: join(root, 'init.sql'),
    // By way of the short link: the home may lie too deep for a socket's path (107 bytes, unix(7)).
    socket: join(link, 'databases/mariadb/run/mysqld.sock'),
  }
}

/** @param adminHash what the server keeps of the password of our account */
export async function prepareFiles(home: Home, adminHash: string): Promise<void> {
  const { data, run, init } = placesIn(home)
  await ensureDirectory(home.databases, 0o700)
  await ensureOwned(data, 0o700)
  // Sites come in to the socket; it is read-only to them.
  await ensureOwned(run, 0o755)
  await writeFileAtomic(init, initialStatements(adminHash), 0o644)
  await chmod(init, 0o644)
}

async function ensureOwned(path: string, mode: number): Promise<void> {
  await ensureDirectory(path, mode)
  await chown(path, serverUid(), serverUid())
  await chmod(path, mode)
}

/** Run by the server at each start, before it lets anyone in: the only administrator is ours, whatever was there before. */
function initialStatements(adminHash: string): string {
  return [
    'DROP USER IF EXISTS root@localhost;',
    `CREATE USER IF NOT EXISTS ${adminName}@localhost;`,
    `ALTER USER ${adminName}@localhost IDENTIFIED VIA mysql_native_password USING '${adminHash}';`,
    `GRANT ALL PRIVILEGES ON *.* TO ${adminName}@localhost WITH GRANT OPTION;`,
    '',
  ].join('\n')
}
