// Reads the objects of one push, one after the other: loose ones as files, the others through one `git cat-file --batch`, started when first needed.
import { ByteReader } from './byte-reader.ts'
import { type RunningGit, startGit } from './git.ts'
import { findLoose, type LooseObject } from './loose.ts'
import { objectIdSchema } from './object-id.ts'
import type { ObjectSource } from './types.ts'

export interface FoundObject {
  readonly type: string
  readonly size: number
  /** In one piece. */
  whole(): Promise<Buffer>
  /** Piece by piece: for large ones. */
  pieces(): AsyncIterable<Buffer>
}

export interface Objects extends AsyncDisposable {
  /** Undefined if there is none. What is not read of an object is skipped by the next `find`; only one may be under way. */
  find(object: string): Promise<FoundObject | undefined>
}

export function openObjects(source: ObjectSource, signal?: AbortSignal): Objects {
  let batch: Batch | undefined
  return {
    find: async (object) => {
      signal?.throwIfAborted()
      const loose = findLoose(source, objectIdSchema.parse(object))
      if (loose !== undefined) return foundLoose(loose)
      batch ??= new Batch(startGit(source, ['cat-file', '--batch'], signal))
      return await batch.find(object)
    },
    [Symbol.asyncDispose]: async () => await batch?.close(),
  }
}

function foundLoose({ type, content }: LooseObject): FoundObject {
  return {
    type,
    size: content.length,
    whole: async () => await Promise.resolve(content),
    pieces: async function* () {
      yield await Promise.resolve(content)
    },
  }
}

class Batch {
  readonly #git: RunningGit
  readonly #bytes: ByteReader
  /** Of the object found last, with the line's end after it. */
  #unread = 0

  constructor(git: RunningGit) {
    this.#git = git
    this.#bytes = new ByteReader(git.stdout)
  }

  /** `<object> <type> <size>`, the content and a line's end, or `<object> missing` (git-cat-file(1), "Batch output") */
  async find(object: string): Promise<FoundObject | undefined> {
    for await (const piece of this.#bytes.pieces(this.#unread)) this.#unread -= piece.length
    this.#git.stdin.write(`${object}\n`)
    const header = await this.#bytes.line()
    const [said, type = '', digits = ''] = header.split(' ')
    if (said === object && type === 'missing') return undefined
    if (said !== object || !/^\d+$/.test(digits)) throw new Error(`git cat-file says "${header}" of ${object}`)
    const size = Number(digits)
    this.#unread = size + 1
    return { type, size, whole: async () => await this.#whole(size), pieces: () => this.#pieces(size) }
  }

  async close(): Promise<void> {
    await this.#git[Symbol.asyncDispose]()
  }

  async #whole(size: number): Promise<Buffer> {
    const content = await this.#bytes.take(size)
    this.#unread -= size
    return content
  }

  async *#pieces(size: number): AsyncGenerator<Buffer> {
    for await (const piece of this.#bytes.pieces(size)) {
      this.#unread -= piece.length
      yield piece
    }
  }
}
