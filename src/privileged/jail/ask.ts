// Asks the process with root's rights for a jail. Its descriptors are connections of their own, which that process hands to the program as
// they are; one more carries the order, and its end ends the jail.
import { connect, type Socket } from 'node:net'
import type { z } from 'zod'
import { HostingError } from '../../errors/hosting-error.ts'
import { createId } from '../../lib/id.ts'
import { createLineJoiner } from '../../lib/lines.ts'
import { processesBelow } from '../../lib/open-files.ts'
import { answerSchema, errorFrom, readLine, renderMessage } from '../messages.ts'
import type { Jailed } from './jailed.ts'
import { type JailOrder, startedSchema, statusSchema } from './order.ts'

const killed = 137

export async function askForJail(path: string, order: JailOrder): Promise<Jailed> {
  const jail = createId()
  const opening = [0, 1, 2, 3].map((descriptor) => openStream(path, { jail, descriptor }))
  const opened = await Promise.allSettled(opening)
  const streams = opened.flatMap((one) => (one.status === 'fulfilled' ? [one.value] : []))
  const [stdin, stdout, stderr, reports] = streams
  if (!stdin || !stdout || !stderr || !reports) {
    for (const stream of streams) stream.destroy()
    throw opened.find((one) => one.status === 'rejected')?.reason ?? unavailable()
  }
  const control = knock(path)
  const said = answersOn(control)
  control.write(renderMessage({ verb: 'jail', takes: { jail, order } }))
  try {
    const { pid } = await said.next(startedSchema)
    return watched({ stdin, stdout, stderr, reports }, { pid, control, said })
  } catch (error) {
    for (const stream of [...streams, control]) stream.destroy()
    throw error
  }
}

interface Life {
  readonly pid: number
  readonly control: Socket
  readonly said: Answers
}

function watched(
  streams: Pick<Jailed, 'stdin' | 'stdout' | 'stderr' | 'reports'>,
  { pid, control, said }: Life,
): Jailed {
  const { stdin, stdout, stderr, reports } = streams
  let running = true
  const status = said.next(statusSchema).then(
    (answer) => answer.status,
    () => killed,
  )
  const exited = status.then(() => {
    running = false
    for (const stream of [control, stdin, reports]) stream.destroy()
    // What nobody reads would never come to its end. Somebody who paused it is left alone.
    for (const stream of [stdout, stderr]) if (stream.readableFlowing === null) stream.resume()
  })
  const closed = [stdout, stderr].map((stream) => new Promise((resolve) => stream.once('close', resolve)))
  return {
    ...streams,
    pids: () => (running ? processesBelow(pid) : []),
    // It is ended there when whoever asked for it is gone.
    kill: () => control.destroy(),
    exited,
    ended: Promise.all([exited, ...closed]).then(() => status),
  }
}

function knock(path: string): Socket {
  return connect({ path }).on('error', () => undefined)
}

/** Nothing is sent on it before the jail is started: until then it is read there. */
async function openStream(path: string, takes: { jail: string; descriptor: number }): Promise<Socket> {
  const socket = knock(path)
  try {
    socket.write(renderMessage({ verb: 'stream', takes }))
    const answer = answerSchema.parse(
      JSON.parse(await readLine(socket.iterator({ destroyOnReturn: false }) as AsyncIterable<Buffer>)),
    )
    if ('error' in answer) throw errorFrom(answer)
    return socket
  } catch (error) {
    socket.destroy()
    throw error instanceof HostingError ? error : unavailable(error)
  }
}

type Answers = ReturnType<typeof answersOn>

/** One after the other. */
function answersOn(socket: Socket) {
  const joiner = createLineJoiner()
  const lines: string[] = []
  const waiting: ((line: string | undefined) => void)[] = []
  let isClosed = false
  const deliver = () => {
    while (waiting.length > 0 && (lines.length > 0 || isClosed)) waiting.shift()?.(lines.shift())
  }
  socket.on('data', (piece: Buffer) => {
    lines.push(...joiner.push(piece))
    deliver()
  })
  socket.once('close', () => {
    isClosed = true
    deliver()
  })
  return {
    async next<T>(gives: z.ZodType<T>): Promise<T> {
      const line = await new Promise<string | undefined>((resolve) => {
        waiting.push(resolve)
        deliver()
      })
      if (line === undefined) throw unavailable()
      const answer = answerSchema.parse(JSON.parse(line))
      if ('error' in answer) throw errorFrom(answer)
      return gives.parse(answer.gives)
    },
  }
}

function unavailable(cause?: unknown): HostingError {
  return new HostingError('unavailable', 'The part of the platform that starts SFTP, scp and rsync does not answer', {
    hint: 'systemctl status hosting-privileged.socket hosting-privileged.service',
    cause,
  })
}
