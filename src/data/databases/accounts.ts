// Makes a database with its account, and removes them. Every statement may be run again: what a crash cut off is simply done once more.
import { z } from 'zod'
import { type Admin, grantedDatabase, identifier } from './admin.ts'
import { passwordHash } from './password-hash.ts'
import type { DatabaseServer } from './server.ts'

export interface Account {
  readonly name: string
  /** The first one is for new connections; a second one holds until the last instance that uses it has ended. */
  readonly passwords: readonly [string] | readonly [string, string]
  readonly maxConnections: number
}

type Host = Pick<DatabaseServer, 'accountHost' | 'requireTls'>

export async function makeDatabase(admin: Admin, name: string): Promise<void> {
  await admin.run(`CREATE DATABASE IF NOT EXISTS ${identifier(name)} CHARACTER SET utf8mb4 COLLATE utf8mb4_unicode_ci`)
}

/** An account with all rights on one database, which does not include giving them on (GRANT OPTION), and none beyond (FILE, PROCESS). */
export async function makeAccount(admin: Admin, server: Host, account: Account & { database: string }): Promise<void> {
  const { name, database } = account
  const who = [name, server.accountHost]
  const mariaDb = await isMariaDb(admin)
  await admin.run(`CREATE USER IF NOT EXISTS ?@? ${mariaDb ? unusable : 'ACCOUNT LOCK'}`, who)
  await setPasswords(admin, server, account)
  await admin.run(
    `ALTER USER ?@? REQUIRE ${server.requireTls ? 'SSL' : 'NONE'} WITH MAX_USER_CONNECTIONS ${account.maxConnections} ACCOUNT UNLOCK`,
    who,
  )
  await admin.run(`GRANT ALL PRIVILEGES ON ${grantedDatabase(database)}.* TO ?@?`, who)
}

/** No password fits this: nobody gets in before the account has its own. */
const unusable = "IDENTIFIED VIA mysql_native_password USING 'invalid'"

/** MariaDB lets an account have several passwords (10.4), MySQL two (8.0.14). */
export async function setPasswords(admin: Admin, { accountHost }: Host, { name, passwords }: Account): Promise<void> {
  const who = [name, accountHost]
  if (await isMariaDb(admin)) {
    const ways = passwords.map(() => 'mysql_native_password USING ?').join(' OR ')
    await admin.run(`ALTER USER ?@? IDENTIFIED VIA ${ways}`, [...who, ...passwords.map(passwordHash)])
    return
  }
  const [current, former] = passwords
  if (former === undefined) {
    await admin.run('ALTER USER ?@? IDENTIFIED BY ?', [...who, current])
    await admin.run('ALTER USER ?@? DISCARD OLD PASSWORD', who)
    return
  }
  await admin.run('ALTER USER ?@? IDENTIFIED BY ?', [...who, former])
  await admin.run('ALTER USER ?@? IDENTIFIED BY ? RETAIN CURRENT PASSWORD', [...who, current])
}

export async function limitConnections(
  admin: Admin,
  { accountHost }: Host,
  { name, maxConnections }: Pick<Account, 'name' | 'maxConnections'>,
): Promise<void> {
  await admin.run(`ALTER USER ?@? WITH MAX_USER_CONNECTIONS ${maxConnections}`, [name, accountHost])
}

export async function dropAccount(admin: Admin, { accountHost }: Host, name: string): Promise<void> {
  await admin.run('DROP USER IF EXISTS ?@?', [name, accountHost])
  await endConnections(admin, name)
}

export async function dropDatabase(admin: Admin, name: string): Promise<void> {
  await admin.run(`DROP DATABASE IF EXISTS ${identifier(name)}`)
}

/** An account that is gone keeps the connections that it has: DROP DATABASE would wait for their transactions. */
async function endConnections(admin: Admin, name: string): Promise<void> {
  const rows = await admin.rows(
    z.object({ id: z.coerce.number().int() }),
    'SELECT ID AS id FROM information_schema.PROCESSLIST WHERE USER = ?',
    [name],
  )
  for (const { id } of rows) await admin.run(`KILL ${id}`).catch(() => undefined)
}

async function isMariaDb(admin: Admin): Promise<boolean> {
  const [row] = await admin.rows(z.object({ version: z.string() }), 'SELECT VERSION() AS version')
  return row?.version.includes('MariaDB') === true
}
