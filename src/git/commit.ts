// What a commit object says: its tree, the subject of its message, its author.
import { HostingError } from '../errors/hosting-error.ts'
import type { Objects } from './objects.ts'
import { objectIdSchema } from './object-id.ts'

export interface Commit {
  readonly tree: string
  /** The first paragraph of the message, in one line. */
  readonly subject: string
  readonly author: string
}

/** Messages are short; what comes after is of no interest here. */
const maxBytes = 256 * 1024

/** Undefined if the object isn't there or is something else (a tag, a tree). */
export async function findCommit(objects: Objects, commit: string): Promise<Commit | undefined> {
  const found = await objects.find(commit)
  if (found?.type !== 'commit') return undefined
  return parseCommit(found.size > maxBytes ? await beginning(found.pieces()) : await found.whole())
}

/** @throws HostingError push-refused when the object is not a commit: git would refuse it as a branch only after the release was proven */
export async function readCommit(objects: Objects, commit: string): Promise<Commit> {
  const found = await findCommit(objects, commit)
  if (found !== undefined) return found
  throw new HostingError('push-refused', `${commit.slice(0, 10)} is not a commit, so it can't be deployed`, {
    hint: 'Push a branch: git push <remote> main',
  })
}

async function beginning(pieces: AsyncIterable<Buffer>): Promise<Buffer> {
  const chunks: Buffer[] = []
  let size = 0
  for await (const piece of pieces) {
    if (size < maxBytes) chunks.push(piece)
    size += piece.length
  }
  return Buffer.concat(chunks)
}

/** Header lines (`tree`, `parent`, `author`, `committer`, perhaps `encoding` and a signature), an empty line, the message. */
export function parseCommit(bytes: Buffer): Commit {
  const end = bytes.indexOf('\n\n')
  const header = bytes.subarray(0, end === -1 ? bytes.length : end)
  const decode = decoderOf(field(header.toString('latin1'), 'encoding'))
  const message = end === -1 ? '' : decode(bytes.subarray(end + 2))
  return {
    tree: objectIdSchema.parse(field(header.toString('latin1'), 'tree')),
    subject: subjectOf(message),
    author: field(decode(header), 'author').replace(/ ?<.*$/, ''),
  }
}

/** The first line that begins so; continuation lines (of a signature) begin with a space. */
function field(header: string, name: string): string {
  const line = header.split('\n').find((candidate) => candidate.startsWith(`${name} `))
  return line?.slice(name.length + 1) ?? ''
}

function subjectOf(message: string): string {
  // git takes a NUL for the end.
  const text = message.split('\0', 1)[0] ?? ''
  const paragraph = text.replace(/^(?:[^\S\n]*\n)+/, '').split(/\n[^\S\n]*(?:\n|$)/, 1)[0] ?? ''
  return paragraph
    .split('\n')
    .map((line) => line.trimEnd())
    .join(' ')
    .trimEnd()
}

/** An encoding that nobody knows is taken for UTF-8, as git does. */
function decoderOf(encoding: string): (bytes: Buffer) => string {
  try {
    const decoder = new TextDecoder(encoding === '' ? 'utf-8' : encoding)
    return (bytes) => decoder.decode(bytes)
  } catch {
    return (bytes) => bytes.toString()
  }
}
