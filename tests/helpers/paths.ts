// Where the project lies, and scratch directories that any user may pass through (mkdtemp makes them 0700).
import { chmod, mkdtemp } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

export const projectRoot = join(import.meta.dirname, '../..')

export async function scratchDirectory(name = 'test'): Promise<string> {
  const path = await mkdtemp(join(tmpdir(), `hosting-${name}-`))
  await chmod(path, 0o755)
  return path
}
