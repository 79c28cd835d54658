// Identifiers of releases, instances and jobs: sortable by time of making, safe as a file name, a container name and a DNS label.
import { randomBytes } from 'node:crypto'
import { z } from 'zod'

/** 8 characters of time (ms, base 36) and 8 of chance: 16 characters of [a-z0-9]. */
export function createId(now: Date = new Date()): string {
  const time = now.getTime().toString(36).padStart(9, '0').slice(-8)
  return time + (randomBytes(6).readUIntBE(0, 6) % 36 ** 8).toString(36).padStart(8, '0')
}

export const idSchema = z.string().regex(/^[a-z0-9]{16}$/)
