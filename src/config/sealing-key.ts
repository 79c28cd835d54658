// The key that seals the secrets of sites: made once, in a file of its own beside the database. Who has only one of the two has nothing.
import { randomBytes } from 'node:crypto'
import { link, readFile, unlink } from 'node:fs/promises'
import { join } from 'node:path'
import { HostingError } from '../errors/hosting-error.ts'
import { absentAsUndefined, ensureDirectory, hasErrorCode, syncDirectory, writeFileAtomic } from '../lib/files.ts'
import { createId } from '../lib/id.ts'
import { sealingKeyBytes } from '../lib/sealing.ts'
import type { Home } from './home.ts'

/** Reads the key of a home, making it at first. @throws HostingError unavailable when what is there is no key */
export async function ensureSealingKey({ keys }: Pick<Home, 'keys'>): Promise<Buffer> {
  await ensureDirectory(keys, 0o700)
  const path = join(keys, 'sealing.key')
  const key = (await absentAsUndefined(readFile(path))) ?? (await makeKey(path))
  if (key.length === sealingKeyBytes) return key
  throw new HostingError('unavailable', `${path} is damaged: it has ${key.length} bytes, not ${sealingKeyBytes}`, {
    hint: 'Put the file back from a backup. Without it passwords of databases and variables of sites cannot be read.',
  })
}

/** By link(2): where two make one at once, the first wins and both have the same. */
async function makeKey(path: string): Promise<Buffer> {
  const made = `${path}.${createId()}.new`
  await writeFileAtomic(made, randomBytes(sealingKeyBytes), 0o600)
  try {
    await link(made, path)
  } catch (error) {
    if (!hasErrorCode(error, 'EEXIST')) throw error
  } finally {
    await unlink(made)
  }
  await syncDirectory(join(path, '..'))
  return await readFile(path)
}
