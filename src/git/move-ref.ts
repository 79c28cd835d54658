// Moves a branch from what it was known to be, or not at all (git-update-ref(1)).
import { git, gitOk } from './git.ts'
import { objectIdSchema, refSchema } from './object-id.ts'

interface Move {
  readonly ref: string
  /** Undefined: it must not be there yet. */
  readonly from: string | undefined
  readonly to: string
}

/** @returns whether it was moved: somebody else may have been faster */
export async function moveRef(repository: string, { ref, from, to }: Move): Promise<boolean> {
  const before = from === undefined ? '0'.repeat(to.length) : objectIdSchema.parse(from)
  const args = ['update-ref', refSchema.parse(ref), objectIdSchema.parse(to), before]
  return (await git({ repository }, args)).exitCode === 0
}

/** Wherever it points to at the moment. */
export async function setRef(repository: string, ref: string, to: string): Promise<void> {
  await gitOk({ repository }, ['update-ref', refSchema.parse(ref), objectIdSchema.parse(to)])
}
