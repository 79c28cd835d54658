// Docker Engine as the platform's runtime.
import { type Clock, systemClock } from '../../lib/clock.ts'
import type { Log } from '../../lib/log.ts'
import type { Runtime } from '../runtime.ts'
import { runBuild } from './builds.ts'
import { askUnless, connectEngine } from './engine.ts'
import { watchEvents } from './events.ts'
import { createImages } from './images/images.ts'
import { createInstances } from './instances.ts'
import { cacheVolumeName, containerName } from './labels.ts'
import { readLogs } from './logs.ts'
import { createNetworks } from './networks.ts'
import { createServices } from './services.ts'
import { runTool } from './tools.ts'

export interface DockerRuntimeOptions {
  /** Tells the containers of this home from those of others on the machine; [a-z0-9]. */
  readonly homeId: string
  /** The top-level buildpacks/ folder. */
  readonly buildpacksDirectory: string
  readonly log: Log
  readonly clock?: Clock
  /** Where Docker listens, if not where DOCKER_HOST or the default say. */
  readonly socketPath?: string
}

/** Images that every site needs; the others are made when they are first used. */
const everySite = ['static']

export function createDockerRuntime(options: DockerRuntimeOptions): Runtime {
  const { homeId, buildpacksDirectory, log, clock = systemClock, socketPath } = options
  const { engine, close } = connectEngine(socketPath)
  const images = createImages({ engine, buildpacksDirectory })
  const networks = createNetworks({ engine, images, log })
  const { close: closeInstances, ...instances } = createInstances({
    engine,
    images,
    networks,
    homeId,
    log,
  })

  return {
    ...instances,
    ...createServices({ engine, images, homeId }),
    runTool: (spec, streams) => runTool({ engine, images, networks, homeId }, spec, streams),
    async ensureImages(report, { fresh = false } = {}) {
      const ensure = fresh ? images.refresh : images.reference
      for (const family of everySite) await ensure(family, report)
    },
    async ensureImage(image, report) {
      await images.reference(image, report)
    },
    logs: (id, query) => readLogs(engine.getContainer(containerName(homeId, id)), query),
    build: (spec) => runBuild({ engine, images, networks, homeId, buildpacksDirectory }, spec),
    async forgetSite(site) {
      await askUnless([404], engine.getVolume(cacheVolumeName(homeId, site)).remove())
    },
    events: (signal) => watchEvents({ engine, homeId, clock }, signal),
    async close() {
      await closeInstances()
      close()
    },
  }
}
