// Replaces the content of a database by that of a dump. It is loaded aside, by an account that may do nothing elsewhere, and only when all
// of it is there put in place in one step. Up to then everything is undone, from then on finished, by a start-up if need be.
import { createReadStream, createWriteStream } from 'node:fs'
import { join } from 'node:path'
import { once } from 'node:events'
import type { Readable, Writable } from 'node:stream'
import { HostingError } from '../../errors/hosting-error.ts'
import { ensureDirectory, exists, removeTree } from '../../lib/files.ts'
import { dropAccount, dropDatabase, makeAccount, makeDatabase } from './accounts.ts'
import type { Admin } from './admin.ts'
import { invalidDump } from './dump-check.ts'
import { type DumpOf, writeDump } from './dump.ts'
import { loadSql } from './load.ts'
import { newPassword, restoreNames } from './names.ts'
import type { OpenDatabase, RestoreParts } from './restore-parts.ts'
import { dropOtherObjects, hasMoved, hasPrograms, moveTables, tablesIn, triggersIn, viewsIn } from './swap.ts'

interface Input {
  readonly sql: Readable
  readonly signal: AbortSignal
}

/** @returns how many tables it has now */
export async function restore(database: OpenDatabase, input: Input, parts: RestoreParts): Promise<{ tables: number }> {
  const { store, onStep } = parts
  const { name } = database
  await store.databases.update(name, { restore_id: database.restoreId, restore_step: 'loading' })
  try {
    await load(database, input, parts)
    onStep?.('after:restore-load')
  } catch (error) {
    await undoOrLeave(database, parts)
    throw error
  }
  await store.databases.update(name, { restore_step: 'swapping' })
  onStep?.('before:restore-swap')
  await finishRestore(database, parts)
  return { tables: await parts.admin(async (admin) => (await tablesIn(admin, name)).length) }
}

/** Where the server went away in the middle, the next start-up or restore undoes it. */
async function undoOrLeave(database: OpenDatabase, parts: RestoreParts): Promise<void> {
  await undoRestore(database, parts).catch((error: unknown) => {
    parts.log.warn({ err: error, database: database.name }, 'a restore could not be undone yet')
  })
}

/** Loads the dump and writes down what is to be made again once the tables have moved. */
async function load(database: OpenDatabase, input: Input, parts: RestoreParts): Promise<void> {
  const { scratch, account } = restoreNames(database.name)
  const password = newPassword()
  const { site, uid } = database
  await parts.admin(async (admin) => {
    await clear(admin, database, parts)
    await makeDatabase(admin, scratch)
    await makeAccount(admin, parts.server, {
      name: account,
      database: scratch,
      passwords: [password],
      maxConnections: 5,
    })
  })
  const run = { site, uid, account, password, database: scratch }
  await loadSql(parts, { ...run, ...input })
  const { views, hasPrograms } = await parts.admin((admin) => checkLoaded(admin, scratch))
  const hasFormer = await parts.admin(async (admin) => (await triggersIn(admin, database.name)).length > 0)
  await ensureDirectory(directoryOf(database, parts), 0o700)
  const live = { ...run, account: database.name, password: database.password, database: database.name }
  const write = async (file: string, dump: DumpOf) =>
    await writeFileWith(fileOf(database, file, parts), (stdout) =>
      writeDump(parts, dump, { stdout, signal: input.signal }),
    )
  if (views.length > 0) await write('views.sql', { ...run, options: ['--no-data', '--skip-triggers'], only: views })
  if (hasPrograms) await write('programs.sql', { ...run, options: [...triggersOnly, '--routines', '--events'] })
  if (hasFormer) await write('former.sql', { ...live, options: triggersOnly })
}

const triggersOnly = ['--no-data', '--no-create-info', '--triggers']

/** @throws HostingError when the dump made no table at all: an empty input, most likely */
async function checkLoaded(admin: Admin, scratch: string): Promise<{ views: string[]; hasPrograms: boolean }> {
  const views = await viewsIn(admin, scratch)
  if (views.length + (await tablesIn(admin, scratch)).length === 0)
    throw invalidDump('The dump holds no table', {
      hint: 'Was standard input the dump? ssh … db:restore SITE < dump.sql',
    })
  return { views, hasPrograms: await hasPrograms(admin, scratch) }
}

/** Safe to do again from its start. */
export async function finishRestore(database: OpenDatabase, parts: RestoreParts): Promise<void> {
  const { name, site, uid, password } = database
  const { scratch, retired } = restoreNames(name)
  /** What was not written down is not needed. */
  const load = async (file: string) => {
    const path = fileOf(database, file, parts)
    if (!(await exists(path))) return
    const run = { site, uid, password, account: name, database: name, signal: parts.signal }
    await loadSql(parts, { ...run, sql: createReadStream(path) })
  }
  try {
    await parts.admin((admin) => moveTables(admin, { live: name, scratch, retired }))
  } catch (error) {
    // The former tables are still in place, but for their triggers: the site goes on with them.
    if (await parts.admin((admin) => hasMoved(admin, retired))) throw error
    await load('former.sql')
    await undoRestore(database, parts)
    throw error
  }
  parts.onStep?.('after:restore-move')
  await parts.admin((admin) => dropOtherObjects(admin, name))
  // Routines first: views and triggers may call them.
  for (const file of ['programs.sql', 'views.sql'])
    await load(file).catch((error: unknown) => Promise.reject(unfinished(site.name, error)))
  await undoRestore(database, parts)
}

function unfinished(site: string, cause: unknown): HostingError {
  return new HostingError('unavailable', 'The tables are restored; some views, routines or triggers are not yet', {
    details: cause instanceof HostingError ? [cause.message.replace('. Nothing was changed', '')] : [],
    hint: `It is tried again when the platform starts. Or restore once more: db:restore ${site}`,
    cause,
  })
}

/** Removes all that a restore made beside the database. */
export async function undoRestore(database: OpenDatabase, parts: RestoreParts): Promise<void> {
  await parts.admin((admin) => clear(admin, database, parts))
  await removeTree(directoryOf(database, parts))
  await parts.store.databases.update(database.name, { restore_id: null, restore_step: null })
}

async function clear(admin: Admin, { name }: OpenDatabase, { server }: RestoreParts): Promise<void> {
  const { scratch, account, retired } = restoreNames(name)
  await dropAccount(admin, server, account)
  await dropDatabase(admin, scratch)
  await dropDatabase(admin, retired)
}

function directoryOf({ restoreId }: OpenDatabase, { directory }: RestoreParts): string {
  return join(directory, restoreId)
}

function fileOf(database: OpenDatabase, file: string, parts: RestoreParts): string {
  return join(directoryOf(database, parts), file)
}

async function writeFileWith(path: string, work: (stdout: Writable) => Promise<void>): Promise<void> {
  const stdout = createWriteStream(path, { mode: 0o600, flush: true })
  await work(stdout)
  stdout.end()
  await once(stdout, 'close')
}
