// What keeps repositories small and free of leftovers: never on a push's way.
import { readdir, readFile } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import { execOk } from '../lib/exec.ts'
import { absentAsUndefined, removeTree } from '../lib/files.ts'
import { gitEnv, gitSettings } from './git.ts'

/** Packs loose objects and drops what nothing refers to for two weeks (git's default), at the lowest priority. */
export async function collectGarbage(repository: string, signal?: AbortSignal): Promise<void> {
  const args = ['-n', '19', 'git', ...gitSettings(), `--git-dir=${repository}`, 'gc', '--quiet']
  await execOk('nice', args, { env: gitEnv(), ...(signal === undefined ? {} : { signal }) })
}

/**
 * Removes what killed pushes left: quarantines, temporary packs, locks, repositories half made.
 * To be called at start-up only, when the process groups of earlier pushes have been ended.
 */
export async function cleanRepository(path: string): Promise<void> {
  await removeMatching(dirname(path), (name) => name.startsWith(`${basename(path)}.`) && name.endsWith('.new'))
  await removeMatching(join(path, 'objects'), (name) => /^(?:tmp_objdir-)?incoming-/.test(name))
  if (await gcRuns(path)) return
  await removeMatching(join(path, 'objects', 'pack'), (name) => name.startsWith('tmp_'))
  await removeMatching(path, (name) =>
    /^(?:HEAD|config|packed-refs|shallow)\.lock$|^packed-refs\.new$|^gc\.pid/.test(name),
  )
  await removeLocks(join(path, 'refs'))
}

/** A ref's name can't end with `.lock` (git-check-ref-format(1)), so nothing else is met. */
async function removeLocks(refs: string): Promise<void> {
  const names = (await absentAsUndefined(readdir(refs, { recursive: true }))) ?? []
  for (const name of names) if (name.endsWith('.lock')) await removeTree(join(refs, name))
}

async function removeMatching(directory: string, matches: (name: string) => boolean): Promise<void> {
  const names = (await absentAsUndefined(readdir(directory))) ?? []
  for (const name of names) if (matches(name)) await removeTree(join(directory, name))
}

/** A `gc` outlives a killed daemon; its locks are in use. git writes "<pid> <host>" to gc.pid. */
async function gcRuns(path: string): Promise<boolean> {
  const content = await absentAsUndefined(readFile(join(path, 'gc.pid'), 'utf8'))
  const pid = /^(\d+) /.exec(content ?? '')?.[1]
  if (pid === undefined) return false
  const comm = await absentAsUndefined(readFile(`/proc/${pid}/comm`, 'utf8'))
  return comm?.trim() === 'git'
}
