// The password of the platform's own account on the server that it runs. Lost, it is replaced at the next start of the server.
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Home } from '../../config/home.ts'
import { absentAsUndefined, ensureDirectory, writeFileAtomic } from '../../lib/files.ts'
import { newPassword } from './names.ts'

export const adminName = 'hosting'

export async function ensureAdminPassword({ keys }: Pick<Home, 'keys'>): Promise<string> {
  const path = join(keys, 'mariadb.password')
  const found = await absentAsUndefined(readFile(path, 'utf8'))
  if (found !== undefined && found !== '') return found
  const password = newPassword()
  await ensureDirectory(keys, 0o700)
  await writeFileAtomic(path, password, 0o600)
  return password
}
