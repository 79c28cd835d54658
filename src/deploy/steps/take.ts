// How a step is taken: recorded before it begins, timed, and shown to whoever pushed.
import type { Attempt, Parts, StepName } from '../parts.ts'

export interface StepInput {
  readonly attempt: Attempt
  readonly parts: Parts
}

/** Does the work and says in a few words what came of it. */
export type Step = (input: StepInput) => Promise<string>

const noteWidth = 58

export async function take(name: StepName, step: Step, input: StepInput): Promise<void> {
  const { attempt, parts } = input
  await record(name, input)
  const begun = performance.now()
  const note = await step(input)
  const took = Math.round(performance.now() - begun)
  attempt.timings[name] = took
  attempt.print(`  ${note.padEnd(noteWidth)} ${String(took).padStart(6)} ms`)
  parts.onStep?.(`after:${name}`)
}

/** The last thing before the commit point: from here on start-up finishes the deploy if the ref has moved. */
export async function markProven(attempt: Attempt, parts: Parts): Promise<void> {
  await attempt.facts.flushed
  await parts.store.transaction(async (store) => {
    await store.releases.update(attempt.release.id, { state: 'proven', timings: JSON.stringify(attempt.timings) })
    await store.jobs.update(attempt.jobId, { step: 'proven' })
  })
  parts.onStep?.('after:proven')
}

async function record(step: StepName, { attempt, parts }: StepInput): Promise<void> {
  await parts.store.jobs.update(attempt.jobId, { step })
  parts.onStep?.(`before:${step}`)
}
