// Which filter the .gitattributes of a commit give to a path (gitattributes(5)): asked of `git check-attr`, path by path. Its index holds those
// files alone, so that no other file of a tree is looked at, be it in the repository or on the disk.
import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import { createId } from '../lib/id.ts'
import { type RunningGit, startGit } from './git.ts'
import { recordsIn } from './records.ts'
import type { ObjectSource } from './types.ts'

interface AttributesFile {
  /** Byte strings (latin1), as the paths that are asked about. */
  readonly path: string
  readonly object: string
}

export interface Attributes extends AsyncDisposable {
  /** `unspecified` where there is none. One question at a time. */
  filterOf(path: string): Promise<string>
}

export async function openAttributes(repository: string, files: readonly AttributesFile[]): Promise<Attributes> {
  // Beside the repository's own: on the same file system, and gone with it.
  const index = join(repository, `attributes-${createId()}`)
  const source = { repository, index }
  await fillIndex(source, files)
  const git = startGit(source, ['check-attr', '--cached', '--stdin', '-z', 'filter'])
  const answers = answersOf(git)
  return {
    async filterOf(path) {
      git.stdin.write(Buffer.from(`${path}\0`, 'latin1'))
      const answer = await answers.next()
      if (answer.done === true) throw new Error('git check-attr ended early')
      return answer.value
    },
    [Symbol.asyncDispose]: async () => {
      await git[Symbol.asyncDispose]()
      await rm(index, { force: true })
    },
  }
}

async function fillIndex(source: ObjectSource, files: readonly AttributesFile[]): Promise<void> {
  await using git = startGit(source, ['update-index', '-z', '--index-info'])
  git.stdout.resume()
  const lines = files.map(({ path, object }) => `100644 ${object} 0\t${path}\0`)
  git.stdin.end(Buffer.from(lines.join(''), 'latin1'))
  await git.done()
}

/** `<path> NUL filter NUL <value> NUL`, flushed after each. */
async function* answersOf({ stdout }: RunningGit): AsyncGenerator<string> {
  let at = 0
  for await (const records of recordsIn(stdout))
    for (const record of records) if (++at % 3 === 0) yield record.toString('latin1')
}
