// Which buildpack a tree is for: what hosting.toml says, else the first whose bin/detect (Heroku's interface) accepts it.
// The scripts look at names only and never run anything of the tree.
import { join } from 'node:path'
import { HostingError } from '../errors/hosting-error.ts'
import { exec } from '../lib/exec.ts'
import { type Buildpack, buildpacks, type SiteConfig } from './site-config-schema.ts'

export const buildpacksDirectory = join(import.meta.dirname, '../../buildpacks')

const timeoutMs = 10_000

/** @throws HostingError invalid-tree when none accepts it, invalid-site-config when hosting.toml names one that isn't there */
export async function detect(tree: string, config: SiteConfig, signal?: AbortSignal): Promise<Buildpack> {
  if (config.buildpack !== undefined) return findNamed(config.buildpack)
  // A build command makes the pages; before it has run there may be none to see.
  if (config.build !== undefined) return 'static'
  for (const name of buildpacks) {
    if (await accepts(name, tree, signal)) return name
  }
  throw new HostingError('invalid-tree', 'No buildpack knows what to do with this repository', {
    hint: 'Commit an index.html (at the root, or in public/), or write buildpack = "static" in hosting.toml. PHP sites are not supported yet.',
  })
}

function findNamed(wanted: string): Buildpack {
  const found = buildpacks.find((name) => name === wanted)
  if (found !== undefined) return found
  throw new HostingError(
    'invalid-site-config',
    `hosting.toml asks for the buildpack "${wanted}", which is not available yet`,
    { hint: `Available: ${buildpacks.join(', ')}.` },
  )
}

async function accepts(name: Buildpack, tree: string, signal: AbortSignal | undefined): Promise<boolean> {
  const script = join(buildpacksDirectory, name, 'bin/detect')
  const { exitCode } = await exec('/bin/sh', [script, tree], { cwd: '/', timeoutMs, ...(signal ? { signal } : {}) })
  return exitCode === 0
}
