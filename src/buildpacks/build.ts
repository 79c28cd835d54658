// Makes a release of a checked-out tree: read its configuration, find its buildpack, run that.
import { buildStatic } from './static/build-static.ts'
import { detect } from './detect.ts'
import { readSiteConfig } from './site-config.ts'
import { linkAhead } from './static/links-ahead.ts'
import type { BuildRequest, BuiltRelease } from './types.ts'

/**
 * Fills `directory` beside tree/, which is left as it is.
 * @throws HostingError invalid-site-config, invalid-tree, build-failed, too-large
 */
export async function build(request: BuildRequest): Promise<BuiltRelease> {
  const tree = `${request.directory}/tree`
  const config = await readSiteConfig(tree)
  const buildpack = await detect(tree, config, request.signal)
  const notes = await buildStatic(request, config)
  return {
    buildpack,
    image: buildpack,
    health: { path: config.health?.path ?? '/', timeoutMs: config.health?.timeout ?? request.defaultHealthTimeoutMs },
    storage: [],
    workers: {},
    cron: [],
    notes,
  }
}

/** Work for the next release that can be done ahead, once this one is live and quiet. Never needed; `signal` ends it. */
export async function prepareNext(releaseDirectory: string, signal: AbortSignal): Promise<void> {
  await linkAhead(releaseDirectory, signal)
}
