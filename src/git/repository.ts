// Bare repositories: made whole or not at all, and what is asked of them outside of a push.
import { open, rename, stat, readFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { execOk } from '../lib/exec.ts'
import { absentAsUndefined, ensureDirectory, hasErrorCode, removeTree, syncDirectory } from '../lib/files.ts'
import { createId } from '../lib/id.ts'
import { gitEnv, gitOk, gitSettings } from './git.ts'
import { objectIdSchema, refSchema } from './object-id.ts'

/** Makes the repository if it isn't there, its HEAD pointing to `branch`. Safe to call twice at once and to be killed at any point. */
export async function ensureRepository(path: string, { branch }: { branch: string }): Promise<void> {
  if ((await absentAsUndefined(stat(join(path, 'HEAD')))) !== undefined) return
  await ensureDirectory(dirname(path))
  const beside = `${path}.${createId()}.new`
  try {
    await initialise(beside, branch)
    await moveIn(beside, path)
  } finally {
    await removeTree(beside)
  }
}

async function initialise(path: string, branch: string): Promise<void> {
  // Without a template: no sample hooks, which would be a dozen files a site.
  const init = ['init', '--quiet', '--bare', '--template=', `--initial-branch=${branch}`, path]
  await execOk('git', [...gitSettings(), ...init], { env: gitEnv() })
  await Promise.all([syncFile(join(path, 'HEAD')), syncFile(join(path, 'config'))])
}

/** Whoever renames first has made the repository; the other's is the same. */
async function moveIn(beside: string, path: string): Promise<void> {
  try {
    await rename(beside, path)
    await syncDirectory(dirname(path))
  } catch (error) {
    if (!hasErrorCode(error, 'ENOTEMPTY') && !hasErrorCode(error, 'EEXIST')) throw error
  }
}

async function syncFile(path: string): Promise<void> {
  await using file = await open(path, 'r+')
  await file.sync()
}

/** The object a full ref (`refs/heads/main`) points to. */
export async function findRef(repository: string, ref: string): Promise<string | undefined> {
  return (await findLooseRef(repository, ref)) ?? (await findPackedRef(repository, ref))
}

/** A ref that was pushed since the last collection is a file of its own: read in 0.1 ms, where a git process takes 3 to start. */
async function findLooseRef(repository: string, ref: string): Promise<string | undefined> {
  const content = await readFile(join(repository, refSchema.parse(ref)), 'utf8').catch(() => undefined)
  return objectIdSchema.safeParse(content?.trimEnd()).data
}

async function findPackedRef(repository: string, ref: string): Promise<string | undefined> {
  const lines = await gitOk({ repository }, ['for-each-ref', '--format=%(objectname) %(refname)', refSchema.parse(ref)])
  // The pattern also matches what lies below it: `refs/heads/main` finds `refs/heads/main/x`.
  const line = lines.split('\n').find((candidate) => candidate.endsWith(` ${ref}`))
  return line === undefined ? undefined : objectIdSchema.parse(line.slice(0, line.indexOf(' ')))
}

/** What `git clone` checks out, and the branch that is shown first. */
export async function setHeadBranch(repository: string, branch: string): Promise<void> {
  await gitOk({ repository }, ['symbolic-ref', 'HEAD', refSchema.parse(`refs/heads/${branch}`)])
}

export interface Branch {
  readonly name: string
  readonly commit: string
}

export async function listBranches(repository: string): Promise<Branch[]> {
  const lines = await gitOk({ repository }, [
    'for-each-ref',
    '--format=%(objectname) %(refname:lstrip=2)',
    'refs/heads/',
  ])
  return lines
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => ({ commit: line.slice(0, line.indexOf(' ')), name: line.slice(line.indexOf(' ') + 1) }))
}
