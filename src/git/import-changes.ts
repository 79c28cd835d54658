// Makes a commit out of another one and what is to change in it, by git fast-import: names and contents are bytes, no index or work tree, no
// hook, filter or attribute of the tenant has a say.
import { once } from 'node:events'
import type { Writable } from 'node:stream'
import { startGit } from './git.ts'
import { objectIdSchema, refSchema } from './object-id.ts'

export interface ImportedFile {
  readonly mode: string
  readonly size: number
  /** Exactly `size` bytes. */
  readonly pieces: () => AsyncIterable<Buffer> | Iterable<Buffer>
}

export interface Import {
  readonly repository: string
  /** Where the commit is kept; what it pointed to before is of no interest. */
  readonly ref: string
  /** Undefined: it is to be the first one. */
  readonly parent: string | undefined
  readonly author: { readonly name: string; readonly mail: string }
  readonly message: string
  readonly date: Date
  /** Paths as byte strings (latin1). */
  readonly removed: Iterable<string>
  readonly written: Iterable<readonly [path: string, file: ImportedFile]>
  readonly signal?: AbortSignal
}

/** @returns the commit */
export async function importChanges(wanted: Import): Promise<string> {
  const { repository, signal } = wanted
  await using git = startGit(
    { repository },
    ['fast-import', '--quiet', '--force', '--done', '--date-format=raw'],
    signal,
  )
  let answer = ''
  git.stdout.on('data', (chunk: Buffer) => (answer += chunk.toString('latin1')))
  const write = writerTo(git.stdin)
  await write(header(wanted))
  // Before what is written: a file may take the place of a folder.
  for (const path of wanted.removed) await write(Buffer.from(`D ${quote(path)}\n`, 'latin1'))
  for (const [path, file] of wanted.written) await writeFile(write, path, file)
  await write(Buffer.from('\nget-mark :1\ndone\n'))
  git.stdin.end()
  await git.done()
  return objectIdSchema.parse(answer.trim())
}

type Write = (bytes: Buffer) => Promise<void>

function writerTo(stream: Writable): Write {
  return async (bytes) => {
    // A process that has ended says why in done().
    if (stream.destroyed) return
    if (!stream.write(bytes)) await Promise.race([once(stream, 'drain'), once(stream, 'close')])
  }
}

function header({ ref, parent, author, message, date }: Import): Buffer {
  const text = Buffer.from(message)
  const when = `${Math.floor(date.getTime() / 1000)} +0000`
  return Buffer.concat([
    Buffer.from(`commit ${refSchema.parse(ref)}\nmark :1\n`),
    Buffer.from(`author ${plain(author.name)} <${plain(author.mail)}> ${when}\n`),
    Buffer.from(`committer Hosting <${plain(author.mail)}> ${when}\n`),
    Buffer.from(`data ${text.length}\n`),
    text,
    Buffer.from(`\n${parent === undefined ? '' : `from ${objectIdSchema.parse(parent)}\n`}`),
  ])
}

async function writeFile(write: Write, path: string, file: ImportedFile): Promise<void> {
  await write(Buffer.from(`M ${file.mode} inline ${quote(path)}\ndata ${file.size}\n`, 'latin1'))
  for await (const piece of file.pieces()) await write(piece)
  await write(Buffer.from('\n'))
}

/** git-fast-import(1), `<path>`: quoted as in C; bytes are bytes. */
function quote(path: string): string {
  return `"${path.replace(/["\\]/g, (char) => `\\${char}`).replaceAll('\n', String.raw`\n`)}"`
}

function plain(text: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is taken out
  return text.replace(/[<>\u0000-\u001f]/g, '')
}
