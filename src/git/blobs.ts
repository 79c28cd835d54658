// Reads many blobs through one `git cat-file --batch` process.
import { ByteReader } from './byte-reader.ts'
import { startGit } from './git.ts'
import type { ObjectSource, TreeEntry } from './types.ts'

export interface Blobs extends AsyncDisposable {
  /** Says once which blobs will be read, in this order. */
  request(entries: readonly TreeEntry[]): void
  /** The next blob of those requested, in one piece. */
  whole(entry: TreeEntry): Promise<Buffer>
  /** The next blob of those requested, piece by piece: for large ones. All of it must be read. */
  pieces(entry: TreeEntry): AsyncIterable<Buffer>
}

/** Starts the process at once, so that it is ready when the listing of the tree is. */
export function openBlobs(source: ObjectSource, signal?: AbortSignal): Blobs {
  // --buffer: everything is requested up front, so git need not flush after each blob.
  const git = startGit(source, ['cat-file', '--batch', '--buffer'], signal)
  const bytes = new ByteReader(git.stdout)
  return {
    request: (entries) => void git.stdin.end(entries.map(({ object }) => `${object}\n`).join('')),
    whole: async (entry) => {
      await expectBlob(bytes, entry)
      const content = await bytes.take(entry.size)
      await bytes.take(1)
      return content
    },
    pieces: async function* (entry) {
      await expectBlob(bytes, entry)
      yield* bytes.pieces(entry.size)
      await bytes.take(1)
    },
    [Symbol.asyncDispose]: async () => await git[Symbol.asyncDispose](),
  }
}

/** `<object> blob <size>` (git-cat-file(1), "Batch output") */
async function expectBlob(bytes: ByteReader, { object, size }: TreeEntry): Promise<void> {
  const header = await bytes.line()
  if (header !== `${object} blob ${size}`) throw new Error(`git cat-file says "${header}" of blob ${object}`)
}
