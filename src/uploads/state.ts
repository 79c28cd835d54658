// What is remembered of a view across sessions and restarts, and what was being written when somebody last looked.
import { readFile, rename, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { z } from 'zod'
import { absentAsUndefined, writeFileAtomic } from '../lib/files.ts'
import { createId } from '../lib/id.ts'

const paths = z.array(z.string())

const refusedFor = z.enum(['file-size', 'storage-full', 'tree-full', 'disk-full'])
export type RefusedFor = z.infer<typeof refusedFor>

const stateSchema = z.strictObject({
  /** The commit that the view shows, apart from what was uploaded since; null: an empty branch. */
  base: z.string().nullable(),
  /** Of the base, and not shown: links that might lead out. Byte strings (latin1), as all paths here. */
  hidden: paths,
  /** Shown as they were before somebody else's commit, by the signatures of what is shown. Another signature is a change against theirs. */
  stale: z.record(z.string(), z.string()),
  /** Uploads that are kept and not committed until they are touched again, by their signatures: cut off, or in conflict. */
  parked: z.record(z.string(), z.string()),
  /** Of those that are parked: what was cut off, of which the account is told until it is whole or gone. */
  cutOff: paths,
  /** What was refused room while it was written, by path: of these, those in the tree are parked, too. */
  refused: z.record(z.string(), refusedFor).default({}),
  /** What was refused last, so that it is not tried again unchanged. */
  attempted: z.string().nullable(),
  /** What became of the last upload, for when the account comes the next time. */
  notices: z.array(z.string()),
  /** What was put on a branch last, by why: nobody else has changed that since. */
  kept: z.strictObject({ conflict: z.string().optional(), refused: z.string().optional() }).default({}),
  /** Whether those tell of a conflict. */
  inConflict: z.boolean().default(false),
  /** Whether those tell of an upload that is not live, and are over once nothing of it is left. */
  failed: z.boolean().default(false),
  /** When its account was written to last, by subject: in ms. */
  mailed: z.record(z.string(), z.number()).default({}),
})

export type ViewState = z.infer<typeof stateSchema>

/** While somebody may be writing. Missing when all of them have left in order. */
const watchSchema = z.strictObject({
  /** Everything that was last changed before is complete, but for what was open. */
  lookedAtMs: z.number(),
  /** Inodes. */
  open: z.array(z.string()),
})

export type Watch = z.infer<typeof watchSchema>

export function freshState(base: string | null, hidden: readonly string[]): ViewState {
  const own = { parked: {}, cutOff: [], refused: {}, attempted: null, notices: [], failed: false, mailed: {} }
  const kept = { kept: {}, inConflict: false }
  return { base, hidden: [...hidden], stale: {}, ...own, ...kept }
}

export async function readState(directory: string): Promise<ViewState | undefined> {
  return await readJson(join(directory, 'view.json'), stateSchema)
}

export async function writeState(directory: string, state: ViewState): Promise<void> {
  await writeFileAtomic(join(directory, 'view.json'), JSON.stringify(state))
}

export async function readWatch(directory: string): Promise<Watch | undefined> {
  return await readJson(join(directory, 'watch.json'), watchSchema)
}

/** Several times a second: renamed, not flushed. After a power cut an old one makes more files doubtful, never fewer. */
export async function writeWatch(directory: string, watch: Watch): Promise<void> {
  // A look and the end of a session may write at once.
  const beside = join(directory, `watch-${createId()}.new`)
  await writeFile(beside, JSON.stringify(watch))
  await rename(beside, join(directory, 'watch.json'))
}

async function readJson<T>(path: string, schema: z.ZodType<T>): Promise<T | undefined> {
  const text = await absentAsUndefined(readFile(path, 'utf8'))
  return text === undefined ? undefined : schema.parse(JSON.parse(text))
}
