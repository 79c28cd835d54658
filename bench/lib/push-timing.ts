// The time from the start of `git push` until a reader sees what was pushed.
import { setTimeout as delay } from 'node:timers/promises'
import type { Ran } from '../../tests/helpers/session.ts'

const limitMs = 120_000

interface TimedPush {
  readonly ms: number
  readonly pushed: Ran
}

/** Resolves when the push has ended too. @param isLive asked every millisecond or two */
export async function timePush(push: () => Promise<Ran>, isLive: () => Promise<boolean>): Promise<TimedPush> {
  const began = performance.now()
  const [ms, pushed] = await Promise.all([untilLive(began, isLive), push().then(mustSucceed)])
  return { ms, pushed }
}

function mustSucceed(pushed: Ran): Ran {
  if (pushed.exitCode !== 0) throw new Error(`git push ended with ${pushed.exitCode}:\n${pushed.output}`)
  return pushed
}

async function untilLive(began: number, isLive: () => Promise<boolean>): Promise<number> {
  while (!(await isLive())) {
    await delay(1)
    if (performance.now() - began > limitMs) throw new Error(`What was pushed was not seen within ${limitMs} ms`)
  }
  return performance.now() - began
}
