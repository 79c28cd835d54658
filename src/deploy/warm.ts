// Instances that are started before it is known what they will serve: at the beginning of a push, and ahead of the next push of a
// site that was pushed lately (a start takes 165 ms, handing a release to a waiting instance 10 ms). Each waits with an empty
// directory of its own for a release to be written there. None is in the database: what a crash leaves, start-up removes.
import { instancePath, releasePath } from '../config/home.ts'
import { createId } from '../lib/id.ts'
import { ensureDirectory, removeTree } from '../lib/files.ts'
import type { InstanceSpec } from '../runtime/runtime.ts'
import type { Site } from '../store/sites.ts'
import { instanceSpec, makeInstanceDirectory } from './instances.ts'
import { readManifest } from './manifest.ts'
import type { Parts } from './parts.ts'

export interface WarmInstance {
  /** Also the name of its release directory. */
  readonly releaseId: string
  readonly spec: InstanceSpec
  readonly started: Promise<void>
}

/** A site not pushed for this long is not waited for. */
const idleMs = 15 * 60_000
const firstImage = 'static'

export class WarmInstances {
  readonly #parts: Parts
  /** Sites that are being destroyed. Their ids are never given out again. */
  readonly #ended = new Set<number>()
  readonly #waiting = new Map<number, { warm: Promise<WarmInstance>; site: Site; expiry: NodeJS.Timeout }>()

  constructor(parts: Parts) {
    this.#parts = parts
  }

  /** The instance that waits for this site, or one started now. Whoever takes it either assigns or discards it. */
  take(site: Site): Promise<WarmInstance> {
    const waiting = this.#waiting.get(site.id)
    if (waiting === undefined) return this.#start(site)
    this.#forget(site.id)
    return waiting.warm
  }

  /** Starts one for the next push, making room by giving up the one that has waited longest. */
  prepare(site: Site): void {
    const most = this.#parts.config['warm-instances']
    if (most === 0 || this.#waiting.has(site.id) || this.#ended.has(site.id) || this.#parts.background.signal.aborted)
      return
    const [oldest] = this.#waiting.keys()
    if (this.#waiting.size >= most && oldest !== undefined) this.drop(oldest)
    this.keep(site, this.#start(site))
  }

  /** Takes back an instance that was not needed (a push of another branch). */
  keep(site: Site, warm: Promise<WarmInstance>): void {
    if (this.#waiting.has(site.id) || this.#ended.has(site.id)) {
      this.#parts.background.run('discard a warm instance', () => this.discard(site, warm))
      return
    }
    const expiry = setTimeout(() => this.drop(site.id), idleMs).unref()
    this.#waiting.set(site.id, { warm, site, expiry })
  }

  /** Gives up the instance that waits for a site, if one does. */
  drop(siteId: number): void {
    this.#parts.background.run('discard a warm instance', () => this.#dismiss(siteId))
  }

  /** Nothing waits for this site any more, nor will: resolves when nothing of it is left. */
  async end(siteId: number): Promise<void> {
    this.#ended.add(siteId)
    await this.#dismiss(siteId)
  }

  async #dismiss(siteId: number): Promise<void> {
    const waiting = this.#waiting.get(siteId)
    if (waiting === undefined) return
    this.#forget(siteId)
    await this.discard(waiting.site, waiting.warm)
  }

  async discard(site: Site, warm: Promise<WarmInstance>): Promise<void> {
    const { runtime, config } = this.#parts
    const { spec, releaseId, started } = await warm
    await started.catch(() => undefined)
    await runtime.remove(spec.id)
    await removeTree(instancePath(config.home, spec.id))
    await removeTree(releasePath(config.home, site.name, releaseId))
  }

  #start(site: Site): Promise<WarmInstance> {
    const warm = this.#prepare(site)
    // A failure is met by whoever awaits it; an instance nobody comes for must not end the process.
    warm.catch(() => undefined)
    return warm
  }

  async #prepare(site: Site): Promise<WarmInstance> {
    const releaseId = createId()
    const placement = { instanceId: createId(), directory: releaseId, image: await this.#expectedImage(site) }
    const spec = await instanceSpec(site, placement, this.#parts)
    const started = this.#begin(spec)
    started.catch(() => undefined)
    return { releaseId, spec, started }
  }

  /** That of the live release: few sites change their kind. */
  async #expectedImage({ name, live_release_id: live }: Site): Promise<string> {
    if (live === null) return firstImage
    const { store, config } = this.#parts
    const { directory } = await store.releases.get(live)
    const manifest = await readManifest(releasePath(config.home, name, directory)).catch(() => undefined)
    return manifest?.image ?? firstImage
  }

  async #begin(spec: InstanceSpec): Promise<void> {
    await ensureDirectory(spec.releaseDirectory, 0o755)
    await makeInstanceDirectory(this.#parts.config.home, spec)
    await this.#parts.runtime.start(spec)
  }

  #forget(siteId: number): void {
    clearTimeout(this.#waiting.get(siteId)?.expiry)
    this.#waiting.delete(siteId)
  }
}
