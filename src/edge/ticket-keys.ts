// Keys of TLS session tickets: made here, so that a session goes on with any worker and after a reload, and thrown away after some days,
// so that who gets hold of a key later opens no older connection with it (RFC 5077, 5.5). The name of a file says when it was made.
import { randomBytes } from 'node:crypto'
import { readdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { ensureDirectory, writeFileAtomic } from '../lib/files.ts'

export const ticketKeyMs = 24 * 3600 * 1000
/** One seals; with the others sessions of the days before are opened. */
const keysInUse = 3
/** nginx: 16 bytes of name, 32 of HMAC, 32 of AES-256. */
const keyBytes = 80
const keyFile = /^(\d{13})\.key$/

/** The files to use, the newest first; a new one where the newest is a day old, or from a future that a wrong clock made. */
export async function ensureTicketKeys(directory: string, now: Date): Promise<string[]> {
  await ensureDirectory(directory, 0o2750)
  const made = await madeIn(directory, now)
  const newest = made[0]
  if (newest === undefined || now.getTime() - newest >= ticketKeyMs) {
    await writeFileAtomic(join(directory, nameOf(now.getTime())), randomBytes(keyBytes))
    made.unshift(now.getTime())
  }
  return made.slice(0, keysInUse).map((time) => join(directory, nameOf(time)))
}

/** Removes the keys that no configuration names any more: to be called when nginx uses the new one. */
export async function removeOldTicketKeys(directory: string, used: readonly string[]): Promise<void> {
  const names = (await readdir(directory)).filter((name) => !used.includes(join(directory, name)))
  await Promise.all(names.map((name) => rm(join(directory, name), { force: true })))
}

async function madeIn(directory: string, now: Date): Promise<number[]> {
  const times = (await readdir(directory)).map((name) => Number(keyFile.exec(name)?.[1] ?? Number.NaN))
  return times.filter((time) => time <= now.getTime()).toSorted((one, other) => other - one)
}

function nameOf(time: number): string {
  return `${String(time).padStart(13, '0')}.key`
}
