// The daemon's side of hooks/pre-receive and hooks/post-receive: three sockets that git receive-pack inherits and passes on.
// No path in the file system, so nobody else can speak to it, and the end of the daemon is the end of the sockets: a refusal.
import { Socket } from 'node:net'
import type { Readable, Writable } from 'node:stream'
import { z } from 'zod'
import { HostingError, toHostingError } from '../errors/hosting-error.ts'
import { renderError } from '../errors/render.ts'
import type { Log } from '../lib/log.ts'
import { quarantineOf } from './git.ts'
import { objectIdSchema, refSchema } from './object-id.ts'
import type { ObjectSource, PushHooks, ReceivedPush, RefUpdate } from './types.ts'

interface HookContext {
  readonly repository: string
  readonly hooks: PushHooks
  readonly gitPid: number
  readonly log: Log
}

/** What a hook may say in all: 100,000 refs. */
const maxCallBytes = 16 * 1024 * 1024
/** What may wait to be printed. A pusher who doesn't read must not fill the memory of the daemon. */
const maxWaitingBytes = 8 * 1024 * 1024

const updateSchema = z.object({ from: objectIdSchema, to: objectIdSchema, ref: refSchema })
/** The name that receive-pack gives its quarantine; it lies directly below objects/. Empty: nothing but deletions was pushed. */
const quarantineSchema = z.string().regex(/^(?:tmp_objdir-)?incoming-[A-Za-z0-9]{1,16}$/)

/**
 * Answers both hooks of one push. Resolves when neither will call any more and what they asked for is done; never rejects.
 * @returns whether pre-receive has asked; if not, git itself refused the push
 */
export async function answerHooks(
  sockets: readonly (Readable | Writable | null | undefined)[],
  context: HookContext,
): Promise<boolean> {
  const [preReceive, verdict, postReceive] = sockets.map(asSocket)
  if (!preReceive || !verdict || !postReceive) throw new Error('receive-pack was started without its three sockets')
  verdict.resume()
  const [asked] = await Promise.all([
    answerPreReceive(preReceive, verdict, context),
    answerPostReceive(postReceive, context),
  ])
  return asked
}

function asSocket(stream: Readable | Writable | null | undefined): Socket {
  if (!(stream instanceof Socket)) throw new Error('a hook needs a socket that goes both ways')
  // A hook that is gone breaks the pipe; the process's end tells the same.
  return stream.on('error', () => undefined)
}

async function answerPreReceive(socket: Socket, verdict: Socket, context: HookContext): Promise<boolean> {
  const call = await readCall(socket)
  if (call === undefined) return false
  const accepted = await settle(socket, context, async () => {
    const [first = '', ...lines] = call
    const quarantine = first.replace(/^quarantine /, '')
    await context.hooks.preReceive(receivedPush(socket, context, { lines, quarantine }))
  })
  // In this order: the hook prints to the end of the one before it looks at the other.
  socket.end()
  verdict.end(accepted ? 'accept\n' : 'refuse\n')
  return true
}

async function answerPostReceive(socket: Socket, context: HookContext): Promise<void> {
  const lines = await readCall(socket)
  if (lines === undefined) return
  await settle(socket, context, async () => {
    await context.hooks.postReceive(receivedPush(socket, context, { lines, quarantine: '' }))
  })
  socket.end()
}

/** Runs a hook's work and prints what it threw. */
async function settle(socket: Socket, { log, repository }: HookContext, work: () => Promise<void>): Promise<boolean> {
  try {
    await work()
    return true
  } catch (thrown) {
    const error = toHostingError(thrown, (reference, err) => log.error({ reference, err, repository }, 'a push failed'))
    renderError(error).forEach(printerTo(socket))
    return false
  }
}

function receivedPush(
  socket: Socket,
  context: HookContext,
  call: { lines: string[]; quarantine: string },
): ReceivedPush {
  return {
    updates: call.lines.map(parseUpdate),
    objects: objectsOf(context.repository, call.quarantine),
    gitPid: context.gitPid,
    print: printerTo(socket),
  }
}

function parseUpdate(line: string): RefUpdate {
  const [from, to, ...ref] = line.split(' ')
  const parsed = updateSchema.safeParse({ from, to, ref: ref.join(' ') })
  // U+FFFD: bytes that were not UTF-8. Such a name could not be told from another.
  if (parsed.success && !line.includes('\ufffd')) return parsed.data
  throw new HostingError('push-refused', `A ref can't have the name "${ref.join(' ')}"`, {
    hint: 'Rename it: use at most 1024 bytes of UTF-8 without spaces.',
  })
}

function objectsOf(repository: string, quarantine: string): ObjectSource {
  if (quarantine === '') return { repository }
  return { repository, quarantine: quarantineOf(repository, quarantineSchema.parse(quarantine)) }
}

function printerTo(socket: Socket): (line: string) => void {
  let leftOut = 0
  return (line) => {
    if (!socket.writable) return
    if (socket.writableLength >= maxWaitingBytes) {
      leftOut += 1
      return
    }
    if (leftOut > 0) socket.write(`… ${leftOut} lines left out: they came faster than they were read\n`)
    leftOut = 0
    socket.write(`${line}\n`)
  }
}

/** The lines a hook says, without the `end` that ends them; undefined if it never called, or was killed before it had said all. */
async function readCall(socket: Socket): Promise<string[] | undefined> {
  return await new Promise((resolve) => {
    const chunks: Buffer[] = []
    let size = 0
    socket.once('close', () => resolve(undefined))
    socket.on('data', (chunk: Buffer) => {
      size += chunk.length
      if (size > maxCallBytes) return void socket.destroy()
      chunks.push(chunk)
      if (!endsCall(chunks)) return
      resolve(Buffer.concat(chunks).toString('utf8').split('\n').slice(0, -2))
    })
  })
}

function endsCall(chunks: readonly Buffer[]): boolean {
  const tail = chunks.length > 1 ? Buffer.concat(chunks.slice(-5)) : chunks[0]
  return tail !== undefined && (tail.subarray(-5).equals(Buffer.from('\nend\n')) || tail.equals(Buffer.from('end\n')))
}
