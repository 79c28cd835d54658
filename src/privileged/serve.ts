// Answers on a unix socket, which only the daemon's user may open (systemd/hosting-privileged.socket).
import { createServer, type Server, type Socket } from 'node:net'
import { toHostingError } from '../errors/hosting-error.ts'
import type { Log } from '../lib/log.ts'
import type { JailServer } from './jail/serve.ts'
import {
  type AnswerMessage,
  describeError,
  type Question,
  questionSchema,
  readLine,
  renderMessage,
} from './messages.ts'
import { type Privileged, type Verb, verbs } from './verbs.ts'

interface Serving {
  readonly privileged: Privileged
  readonly jails: JailServer
  readonly log: Log
  /** Called when nobody has asked for a while. */
  readonly idle?: { readonly afterMs: number; readonly call: () => void }
}

const questionLimitMs = 10_000

export function createPrivilegedServer({ idle, ...parts }: Serving): Server {
  let open = 0
  let timer: NodeJS.Timeout | undefined
  const rest = () => {
    clearTimeout(timer)
    if (idle !== undefined && open === 0) timer = setTimeout(idle.call, idle.afterMs)
  }
  rest()
  return createServer((socket) => {
    open += 1
    clearTimeout(timer)
    answerOn(socket, parts)
      .catch((error: unknown) => {
        // Whoever says nothing has just looked whether anybody is here.
        if (socket.bytesRead > 0) parts.log.warn({ err: error }, 'a question could not be answered')
      })
      .finally(() => {
        socket.destroy()
        open -= 1
        rest()
      })
  })
}

type Answering = Omit<Serving, 'idle'>

async function answerOn(socket: Socket, parts: Answering): Promise<void> {
  socket.setTimeout(questionLimitMs, () => socket.destroy())
  const question = questionSchema.parse(
    JSON.parse(await readLine(socket.iterator({ destroyOnReturn: false }) as AsyncIterable<Buffer>)),
  )
  socket.setTimeout(0)
  const answer = await answerTo(question, socket, parts)
  if (answer === undefined) return
  await new Promise<void>((resolve) => socket.once('error', () => resolve()).end(renderMessage(answer), resolve))
}

/** Undefined: all was said. */
async function answerTo(
  { verb, takes }: Question,
  socket: Socket,
  { privileged, jails, log }: Answering,
): Promise<AnswerMessage | undefined> {
  try {
    if (verb !== 'stream' && verb !== 'jail') return { gives: await performs[verb](privileged, takes) }
    if (verb === 'stream') await jails.announce(takes, socket)
    else await jails.serve(takes, socket)
    return undefined
  } catch (thrown) {
    return describeError(
      toHostingError(thrown, (reference, error) =>
        log.error({ err: error, reference, verb }, 'a privileged verb failed'),
      ),
    )
  }
}

const performs: { readonly [V in Verb]: (privileged: Privileged, takes: unknown) => Promise<unknown> } = {
  ensure: (privileged, takes) => privileged.ensure(verbs.ensure.takes.parse(takes)),
  seed: (privileged, takes) => privileged.seed(verbs.seed.takes.parse(takes)),
  survey: (privileged, takes) => privileged.survey(verbs.survey.takes.parse(takes)),
  discard: (privileged, takes) => privileged.discard(verbs.discard.takes.parse(takes)),
  sweep: (privileged, takes) => privileged.sweep(verbs.sweep.takes.parse(takes)),
  settle: (privileged, takes) => privileged.settle(verbs.settle.takes.parse(takes)),
}
