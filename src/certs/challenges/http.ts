// HTTP-01 (RFC 8555, 8.3): a token is a file below home/challenges, which the edge serves at /.well-known/acme-challenge/ of every name.
import { chmod, readdir, stat, unlink } from 'node:fs/promises'
import { join } from 'node:path'
import { z } from 'zod'
import type { Home } from '../../config/home.ts'
import { absentAsUndefined, ensureDirectory, writeFileAtomic } from '../../lib/files.ts'

export interface TokenFiles {
  publish(token: string, content: string): Promise<void>
  withdraw(token: string): Promise<void>
  /** Removes what is older than a time: of orders that nobody remembers. */
  sweep(before: Date): Promise<void>
}

/** Base64url (RFC 8555, 8.1): it is a file's name, and comes from a server. */
const tokenSchema = z.string().regex(/^[A-Za-z0-9_-]{16,200}$/)

export const challengePath = '/.well-known/acme-challenge/'

export function tokenFilesIn({ challenges }: Pick<Home, 'challenges'>): TokenFiles {
  const pathOf = (token: string) => join(challenges, tokenSchema.parse(token))
  return {
    async publish(token, content) {
      await ensureDirectory(challenges, 0o711)
      await chmod(challenges, 0o711)
      await writeFileAtomic(pathOf(token), content, 0o644)
    },
    async withdraw(token) {
      await absentAsUndefined(unlink(pathOf(token)))
    },
    async sweep(before) {
      for (const name of (await absentAsUndefined(readdir(challenges))) ?? []) {
        const path = join(challenges, name)
        const found = await absentAsUndefined(stat(path))
        if (found?.isFile() === true && found.mtime < before) await absentAsUndefined(unlink(path))
      }
    },
  }
}
