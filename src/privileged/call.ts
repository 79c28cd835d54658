// Asks the process that has root's rights to do what this one may not.
import { connect } from 'node:net'
import type { z } from 'zod'
import { HostingError } from '../errors/hosting-error.ts'
import { answerSchema, errorFrom, type Question, readLine, renderMessage } from './messages.ts'
import { type Privileged, verbs } from './verbs.ts'

export function createCalls(socketPath: string): Privileged {
  const { ensure, seed, survey, discard, sweep, settle } = verbs
  return {
    ensure: (takes) => call(socketPath, { verb: 'ensure', takes }, ensure.gives),
    seed: (takes) => call(socketPath, { verb: 'seed', takes }, seed.gives),
    survey: (takes) => call(socketPath, { verb: 'survey', takes }, survey.gives),
    discard: (takes) => call(socketPath, { verb: 'discard', takes }, discard.gives),
    sweep: (takes) => call(socketPath, { verb: 'sweep', takes }, sweep.gives),
    settle: (takes) => call(socketPath, { verb: 'settle', takes }, settle.gives),
  }
}

/** @throws HostingError as it was thrown there, or unavailable */
async function call<T>(socketPath: string, question: Question, gives: z.ZodType<T>): Promise<T> {
  const answer = answerSchema.parse(JSON.parse(await exchange(socketPath, renderMessage(question))))
  if ('gives' in answer) return gives.parse(answer.gives)
  throw errorFrom(answer)
}

/** Whether anybody listens there. */
export async function answers(path: string): Promise<boolean> {
  return await new Promise((resolve) => {
    const probe = connect({ path })
    probe.once('connect', () => resolve(true)).once('error', () => resolve(false))
    probe.once('connect', () => probe.destroy())
  })
}

async function exchange(path: string, question: string): Promise<string> {
  const socket = connect({ path })
  try {
    socket.write(question)
    return await readLine(socket as AsyncIterable<Buffer>)
  } catch (cause) {
    throw new HostingError('unavailable', 'The part of the platform that looks after storage does not answer', {
      hint: 'systemctl status hosting-privileged.socket hosting-privileged.service',
      cause,
    })
  } finally {
    socket.destroy()
  }
}
