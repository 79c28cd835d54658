// release.json in a release's directory: what is needed to start it again, years later, without its repository.
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { z } from 'zod'

const manifestSchema = z.strictObject({
  buildpack: z.string(),
  image: z.string(),
  health: z.strictObject({ path: z.string().startsWith('/'), timeoutMs: z.number().positive() }),
  storage: z.array(z.string()).default([]),
  database: z.enum(['mariadb']).optional(),
  releaseCommand: z.string().optional(),
  workers: z.record(z.string(), z.string()).default({}),
  cron: z
    .array(z.strictObject({ schedule: z.string(), command: z.string(), timezone: z.string().optional() }))
    .default([]),
  /** Whether tree/ is the commit as checked out: only then may the next release link its files from here. */
  source: z.enum(['commit', 'built']),
})

export type Manifest = z.infer<typeof manifestSchema>

/** Part of a release that is not complete yet: it is flushed with the rest of it. */
export async function writeManifest(directory: string, manifest: Manifest): Promise<void> {
  await writeFile(join(directory, 'release.json'), JSON.stringify(manifest))
}

export async function readManifest(directory: string): Promise<Manifest> {
  return manifestSchema.parse(JSON.parse(await readFile(join(directory, 'release.json'), 'utf8')))
}
