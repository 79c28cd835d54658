// Which buildpack a tree is for: what hosting.toml says, else the first whose bin/detect (Heroku's interface) accepts it.
// The scripts look at names only and never run anything of the tree.
import { join } from 'node:path'
import { HostingError } from '../errors/hosting-error.ts'
import { exec } from '../lib/exec.ts'
import type { Buildpack, SiteConfig } from './site-config-schema.ts'

export const buildpacksDirectory = join(import.meta.dirname, '../../buildpacks')

const timeoutMs = 10_000
/** The first that accepts counts. php-db is php with a database, which is found out later. */
const asked = ['php', 'static'] as const

/** @throws HostingError invalid-tree when none accepts it */
export async function detect(tree: string, config: SiteConfig, signal?: AbortSignal): Promise<Buildpack> {
  if (config.buildpack !== undefined) return config.buildpack
  const accepted = await Promise.all(asked.map((name) => accepts(name, tree, signal)))
  const found = asked.find((_, index) => accepted[index])
  if (found !== undefined) return found
  // A build command makes the pages; before it has run there may be none to see.
  if (config.build !== undefined) return 'static'
  throw new HostingError('invalid-tree', 'No buildpack knows what to do with this repository', {
    hint: 'Commit an index.html (at the root, or in public/) or an index.php, or write buildpack = "static" (or "php") in hosting.toml.',
  })
}

async function accepts(name: (typeof asked)[number], tree: string, signal: AbortSignal | undefined): Promise<boolean> {
  const script = join(buildpacksDirectory, name, 'bin/detect')
  const { exitCode } = await exec('/bin/sh', [script, tree], { cwd: '/', timeoutMs, ...(signal ? { signal } : {}) })
  return exitCode === 0
}
