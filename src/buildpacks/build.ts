// Makes a release of a checked-out tree: read its configuration, find its buildpack, run that.
import { buildStatic } from './static/build-static.ts'
import { detect } from './detect.ts'
import { buildPhp } from './php/build-php.ts'
import { locateMistakes, readSiteConfig } from './site-config.ts'
import type { SiteConfig } from './site-config-schema.ts'
import { linkAhead } from './static/links-ahead.ts'
import type { BuildRequest, BuiltRelease } from './types.ts'

/**
 * Fills `directory` beside tree/.
 * @throws HostingError invalid-site-config, invalid-tree, build-failed, too-large
 */
export async function build(request: BuildRequest): Promise<BuiltRelease> {
  const tree = `${request.directory}/tree`
  const config = await readSiteConfig(tree)
  const buildpack = await detect(tree, config, request.signal)
  return buildpack === 'static'
    ? await staticRelease(request, config)
    : await locateMistakes(tree, () => buildPhp(request, config))
}

async function staticRelease(request: BuildRequest, config: SiteConfig): Promise<BuiltRelease> {
  return {
    notes: await buildStatic(request, config),
    buildpack: 'static',
    image: 'static',
    source: config.build === undefined ? 'commit' : 'built',
    health: { path: config.health?.path ?? '/', timeoutMs: config.health?.timeout ?? request.defaultHealthTimeoutMs },
    storage: [],
    workers: {},
    cron: [],
  }
}

/** Work for the next release that can be done ahead, once this one is live and quiet. Never needed; `signal` ends it. */
export async function prepareNext(releaseDirectory: string, signal: AbortSignal): Promise<void> {
  await linkAhead(releaseDirectory, signal)
}
