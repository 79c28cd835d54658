// Servers of the platform's own: made, made anew when they are to be otherwise, ended gently.
import type { ServiceSpec } from '../runtime.ts'
import { createContainer, type ContainerMaker } from './create-container.ts'
import { askUnless } from './engine.ts'
import { planLabel } from './labels.ts'
import { removeContainer } from './remove-container.ts'
import { renderService, serviceContainerName } from './service-container.ts'

export interface ServiceParts extends ContainerMaker {
  readonly homeId: string
}

const notModified = 304
/** For one that is to be replaced: what it has not written by then it recovers from its log. */
const stopTimeoutMs = 120_000

export function createServices(parts: ServiceParts) {
  const { engine, homeId } = parts
  const containerOf = (name: string) => engine.getContainer(serviceContainerName(homeId, name))

  async function remove(name: string, timeoutMs: number): Promise<void> {
    await askUnless([notModified, 404], containerOf(name).stop({ t: Math.ceil(timeoutMs / 1000) }))
    await removeContainer(engine, serviceContainerName(homeId, name))
  }

  return {
    async ensureService(spec: ServiceSpec, report: (line: string) => void): Promise<void> {
      const render = (image: string) => renderService(spec, { homeId, image })
      const wanted = render(await parts.images.reference(spec.name, report))
      const found = await askUnless([404], containerOf(spec.name).inspect())
      if (found?.Config.Labels[planLabel] !== wanted.Labels?.[planLabel]) {
        if (found !== undefined) await remove(spec.name, stopTimeoutMs)
        await createContainer(parts, { family: spec.name, render, report })
      }
      await askUnless([notModified], containerOf(spec.name).start())
    },
    removeService: remove,
    async serviceEnded(name: string, signal: AbortSignal): Promise<void> {
      try {
        await askUnless([404], containerOf(name).wait({ condition: 'not-running', abortSignal: signal }))
      } catch (error) {
        if (!signal.aborted) throw error
      }
    },
  }
}
