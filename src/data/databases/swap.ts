// Puts restored tables in the place of the former ones: by one RENAME TABLE, which is atomic and survives a crash (MariaDB 10.6, MySQL
// 8.0). It may be begun again from the start: a marker table, which moves with the others, tells whether they have moved.
import { z } from 'zod'
import { type Admin, identifier } from './admin.ts'
import { dropDatabase } from './accounts.ts'

export interface Swap {
  readonly live: string
  readonly scratch: string
  readonly retired: string
}

const marker = '_hosting_restored'
const lockTimeoutSeconds = 30
const named = z.object({ name: z.string() })

export async function moveTables(admin: Admin, { live, scratch, retired }: Swap): Promise<void> {
  if (await hasMoved(admin, retired)) return
  // What a restore before this one left there: the marker tells that none of it is of this one.
  await dropDatabase(admin, retired)
  await admin.run(`CREATE DATABASE ${identifier(retired)}`)
  await admin.run(`CREATE TABLE IF NOT EXISTS ${table(scratch, marker)} (moved INT)`)
  const former = await tablesIn(admin, live)
  const restored = (await tablesIn(admin, scratch)).filter((name) => name !== marker)
  // A table with triggers cannot move to another database; those of the restored ones are made again from their text.
  for (const database of [live, scratch]) await dropTriggers(admin, database)
  await admin.run(`SET SESSION lock_wait_timeout = ${lockTimeoutSeconds}`)
  await admin.run(
    `RENAME TABLE ${[
      ...former.map((name) => `${table(live, name)} TO ${table(retired, name)}`),
      ...restored.map((name) => `${table(scratch, name)} TO ${table(live, name)}`),
      `${table(scratch, marker)} TO ${table(retired, marker)}`,
    ].join(', ')}`,
  )
}

export async function hasMoved(admin: Admin, retired: string): Promise<boolean> {
  const rows = await admin.rows(
    named,
    'SELECT TABLE_NAME AS name FROM information_schema.TABLES WHERE TABLE_SCHEMA = ? AND TABLE_NAME = ?',
    [retired, marker],
  )
  return rows.length > 0
}

/** Everything that is no table: former views, routines, events and triggers, or those that a first try made already. */
export async function dropOtherObjects(admin: Admin, database: string): Promise<void> {
  for (const name of await viewsIn(admin, database)) await admin.run(`DROP VIEW IF EXISTS ${table(database, name)}`)
  await dropTriggers(admin, database)
  for (const { name, type } of await routinesIn(admin, database))
    await admin.run(`DROP ${type} IF EXISTS ${table(database, name)}`)
  for (const { name } of await eventsIn(admin, database))
    await admin.run(`DROP EVENT IF EXISTS ${table(database, name)}`)
}

/** Tables of every kind, sequences among them. */
export async function tablesIn(admin: Admin, database: string): Promise<string[]> {
  const rows = await admin.rows(
    named,
    "SELECT TABLE_NAME AS name FROM information_schema.TABLES WHERE TABLE_SCHEMA = ? AND TABLE_TYPE <> 'VIEW'",
    [database],
  )
  return rows.map(({ name }) => name)
}

export async function viewsIn(admin: Admin, database: string): Promise<string[]> {
  const rows = await admin.rows(
    named,
    'SELECT TABLE_NAME AS name FROM information_schema.VIEWS WHERE TABLE_SCHEMA = ?',
    [database],
  )
  return rows.map(({ name }) => name)
}

export async function triggersIn(admin: Admin, database: string): Promise<string[]> {
  const rows = await admin.rows(
    named,
    'SELECT TRIGGER_NAME AS name FROM information_schema.TRIGGERS WHERE TRIGGER_SCHEMA = ?',
    [database],
  )
  return rows.map(({ name }) => name)
}

/** Triggers, routines or events. */
export async function hasPrograms(admin: Admin, database: string): Promise<boolean> {
  const others = [await triggersIn(admin, database), await routinesIn(admin, database), await eventsIn(admin, database)]
  return others.some((found) => found.length > 0)
}

async function routinesIn(admin: Admin, database: string) {
  return await admin.rows(
    named.extend({ type: z.enum(['PROCEDURE', 'FUNCTION', 'PACKAGE', 'PACKAGE BODY']) }),
    'SELECT ROUTINE_NAME AS name, ROUTINE_TYPE AS type FROM information_schema.ROUTINES WHERE ROUTINE_SCHEMA = ?',
    [database],
  )
}

async function eventsIn(admin: Admin, database: string) {
  return await admin.rows(named, 'SELECT EVENT_NAME AS name FROM information_schema.EVENTS WHERE EVENT_SCHEMA = ?', [
    database,
  ])
}

async function dropTriggers(admin: Admin, database: string): Promise<void> {
  for (const name of await triggersIn(admin, database))
    await admin.run(`DROP TRIGGER IF EXISTS ${table(database, name)}`)
}

function table(database: string, name: string): string {
  return `${identifier(database)}.${identifier(name)}`
}
