// Looks at a path of a tenant's tree (a byte string) without following it.
import type { Stats } from 'node:fs'
import { lstat } from 'node:fs/promises'
import { hasErrorCode } from '../../lib/files.ts'
import { toBytes } from './byte-string.ts'

/** Undefined for what isn't there: nor through a file, nor by a name that no file can have. */
export async function lstatIfAny(path: string): Promise<Stats | undefined> {
  try {
    return await lstat(toBytes(path))
  } catch (error) {
    if (['ENOENT', 'ENOTDIR', 'ENAMETOOLONG'].some((code) => hasErrorCode(error, code))) return undefined
    throw error
  }
}
