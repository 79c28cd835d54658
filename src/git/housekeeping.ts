// What keeps repositories small and free of leftovers: never on a push's way.
import { readdir, readFile } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import { simpleGit } from 'simple-git'
import { baseEnv } from '../lib/exec.ts'
import { absentAsUndefined, removeTree } from '../lib/files.ts'
import { gitEnv } from './git.ts'

/** Packs loose objects and drops what nothing refers to for two weeks (git's default), on one thread: pushes go first. */
export async function collectGarbage(repository: string, signal?: AbortSignal): Promise<void> {
  const config = ['safe.directory=*', 'pack.threads=1']
  // The library takes any GIT_CONFIG_* for an attack; ours keep the configuration of users and of the system out.
  const allowed = { unsafe: { allowUnsafeConfigPaths: true }, allowEnvironment: Object.keys(gitEnv()) }
  const git = simpleGit({ baseDir: repository, config, ...allowed, ...(signal && { abort: signal }) })
  await git.env({ ...baseEnv, ...gitEnv() }).raw('gc', '--quiet')
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
