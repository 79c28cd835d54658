// static-build.json in a release: what the next build needs to know of this one to do only what has changed.
import { createHash } from 'node:crypto'
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { z } from 'zod'
import { absentAsUndefined } from '../../lib/files.ts'

const recordSchema = z.strictObject({
  /** Changes whenever the same tree would be published in another way. */
  key: z.string(),
  files: z.number(),
  links: z.number(),
  linksOut: z.number(),
  programs: z.number(),
  /** Paths (byte strings) of .gz and .br files that came with the tree. */
  supplied: z.array(z.string()),
})

export type BuildRecord = z.infer<typeof recordSchema>

/** To be raised when publishing changes. */
const format = 1
const name = 'static-build.json'

export function recordKey(documentRoot: string, ...contents: readonly (Buffer | undefined)[]): string {
  const hash = createHash('sha256').update(JSON.stringify([format, documentRoot]))
  for (const content of contents) hash.update(`\n${content?.length ?? 'none'}\n`).update(content ?? '')
  return hash.digest('hex')
}

export async function writeRecord(directory: string, record: BuildRecord): Promise<void> {
  await writeFile(join(directory, name), JSON.stringify(record), { flag: 'wx' })
}

/** Undefined for a release of another buildpack, or of an older format. */
export async function readRecord(directory: string): Promise<BuildRecord | undefined> {
  const text = await absentAsUndefined(readFile(join(directory, name), 'utf8'))
  return text === undefined ? undefined : recordSchema.safeParse(JSON.parse(text)).data
}
