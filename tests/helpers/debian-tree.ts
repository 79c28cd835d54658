// Applications as Debian packages them, put back into the shape in which their makers ship them: one tree, nothing outside of it.
// Debian takes out of an application what it has as a package of its own, and leaves links in its place: here they become files again.
import { mkdir, readdir, readlink, rm, stat, symlink } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { scratchDirectory } from './paths.ts'
import { run, runOk } from './session.ts'

export interface DebianTree extends AsyncDisposable {
  /** The root directory of a machine that has these packages and nothing else. */
  readonly root: string
  /** Copies a folder of it, with what its links lead to, to `target` of an application's tree. */
  copy(folder: string, target: string): Promise<void>
}

/** @param libraries which of the packages that it depends on or recommends belong into the tree: what they are called differs between releases */
export async function unpackDebian(application: string, libraries: RegExp): Promise<DebianTree> {
  const root = await scratchDirectory('debian')
  await ensureLists(application)
  // The application's own first: what others bring takes the place of links that lead nowhere.
  const packages = [application, ...(await findLibraries(application, libraries))]
  const archives = join(root, '.archives')
  await mkdir(archives)
  await runOk('apt-get', ['-q', 'download', ...packages], { cwd: archives })
  for (const name of packages) {
    const file = (await readdir(archives)).find((entry) => entry.startsWith(`${name}_`)) ?? ''
    await runOk('dpkg-deb', ['-x', join(archives, file), root])
    await mendLinks(root)
  }
  return {
    root,
    async copy(folder, target) {
      await mkdir(dirname(target), { recursive: true })
      // Node.js takes six times as long for ten thousand files.
      await runOk('cp', ['-RLT', join(root, folder), target])
    },
    [Symbol.asyncDispose]: () => rm(root, { recursive: true, force: true }),
  }
}

/** A fresh machine has no lists of packages. Test files that run side by side take turns. */
async function ensureLists(application: string): Promise<void> {
  if ((await run('apt-cache', ['show', application])).exitCode === 0) return
  await runOk('flock', [import.meta.filename, 'apt-get', '-q', 'update'])
}

async function findLibraries(application: string, wanted: RegExp): Promise<string[]> {
  const { stdout } = await runOk('apt-cache', ['depends', application])
  const related = [...stdout.matchAll(/^[ |]*(?:Depends|Recommends): (\S+)$/gm)].map(([, name = '']) => name)
  return [...new Set(related)].filter((name) => wanted.test(name))
}

/** Absolute links lead to the unpacked root; those to what no package here brings go. */
async function mendLinks(root: string): Promise<void> {
  const { stdout } = await runOk('find', [root, '-type', 'l'])
  for (const path of stdout.split('\n').filter(Boolean)) {
    const target = await readlink(path)
    if (target.startsWith('/') && !target.startsWith(root)) {
      await rm(path)
      await symlink(root + target, path)
    }
  }
  for (const path of stdout.split('\n').filter(Boolean))
    if ((await stat(path).catch(() => undefined)) === undefined) await rm(path, { force: true })
}
