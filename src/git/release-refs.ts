// refs/hosting/releases/<n>: keeps a release's commit from being collected after a force-push. Hidden from clients, who can't push to it either.
import { z } from 'zod'
import { gitOk } from './git.ts'
import { objectIdSchema } from './object-id.ts'

/** Idempotent: the same number may be given again, then it points to the later commit. */
export async function keepRelease(repository: string, number: number, commit: string): Promise<void> {
  await gitOk({ repository }, ['update-ref', refOf(number), objectIdSchema.parse(commit)])
}

/** Idempotent: a release that isn't kept is no error. */
export async function forgetRelease(repository: string, number: number): Promise<void> {
  await gitOk({ repository }, ['update-ref', '-d', refOf(number)])
}

function refOf(number: number): string {
  return `refs/hosting/releases/${z.int().positive().parse(number)}`
}
