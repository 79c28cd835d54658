// Instances as containers: start, assign, wake, stop, remove, and what there is.
import type { Container, ContainerInfo } from 'dockerode'
import type { Log } from '../../lib/log.ts'
import { Turns } from '../../lib/turns.ts'
import type { InstanceSpec, InstanceStatus, RunningInstance, Surroundings, ToolSpec } from '../runtime.ts'
import { type ContainerMaker, type ContainerPlan, createContainer } from './create-container.ts'
import { ask, askUnless, statusOf } from './engine.ts'
import { createGoFifos, type GoFifos } from './go-fifo.ts'
import { type Place, renderInstance } from './instance-container.ts'
import { buildLabel, containerName, homeLabel, instanceLabel, serviceLabel, siteLabel, toolLabel } from './labels.ts'
import type { Networks } from './networks.ts'
import { renderProgram } from './program-container.ts'
import { removeContainer } from './remove-container.ts'

export interface InstanceParts extends ContainerMaker {
  readonly networks: Networks
  readonly homeId: string
  readonly log: Log
}

export function createInstances(parts: InstanceParts) {
  const { engine, homeId } = parts
  const fifos = createGoFifos()
  // Docker answers a removal that overtakes a start with "no such container", and starts it afterwards.
  const turns = new Turns<string>()
  const containerOf = (id: string) => engine.getContainer(containerName(homeId, id))

  return {
    start: (spec: InstanceSpec) => turns.take(spec.id, () => startNew(parts, fifos, spec)),
    async assign(spec: InstanceSpec): Promise<void> {
      // One that was killed while it waited is started again; it finds its release complete and waits no more.
      startExisting(containerOf(spec.id)).catch((error: unknown) => {
        parts.log.warn({ err: error, instance: spec.id }, 'a waiting instance could not be looked after')
      })
      await fifos.release(spec.id, spec.instanceDirectory)
    },
    wake: (spec: InstanceSpec) =>
      turns.take(spec.id, async () => {
        if (!(await startExisting(containerOf(spec.id)))) await startNew(parts, fifos, spec)
      }),
    startProgram: (spec: ToolSpec) =>
      turns.take(spec.id, async () => {
        if (!(await startExisting(containerOf(spec.id))))
          await startOnNetwork(parts, spec, (place) => renderProgram(spec, place))
      }),
    stop: (id: string, timeoutMs: number) =>
      turns.take(id, async () => {
        await fifos.forget(id)
        await askUnless([304, 404], containerOf(id).stop({ t: Math.ceil(timeoutMs / 1000) }))
      }),
    remove: (id: string) =>
      turns.take(id, async () => {
        await fifos.forget(id)
        await removeContainer(engine, containerName(homeId, id))
      }),
    async status(id: string): Promise<InstanceStatus> {
      const found = await askUnless([404], containerOf(id).inspect())
      if (found === undefined) return 'missing'
      return found.State.Running ? 'running' : 'stopped'
    },
    async list(): Promise<RunningInstance[]> {
      const filters = { label: [`${homeLabel}=${homeId}`] }
      const containers = await ask(engine.listContainers({ all: true, filters }))
      return containers.filter(({ Labels }) => Labels[serviceLabel] === undefined).map(describe)
    },
    close: () => fifos.close(),
  }
}

async function startNew(parts: InstanceParts, fifos: GoFifos, spec: InstanceSpec): Promise<void> {
  await fifos.make(spec.instanceDirectory)
  await startOnNetwork(parts, spec, (place) => renderInstance(spec, place))
}

interface Started extends Pick<Surroundings, 'network'> {
  readonly id: string
  readonly image: string
}

type Render = (place: Place) => ContainerPlan

async function startOnNetwork(parts: InstanceParts, spec: Started, render: Render): Promise<void> {
  const start = async () => {
    await ask((await create(parts, spec, render)).start())
  }
  try {
    await start()
  } catch (error) {
    if (statusOf(error) !== 404 || spec.network === 'none') throw error
    // The network is gone, which Docker finds out only now.
    parts.networks.forget()
    await removeContainer(parts.engine, containerName(parts.homeId, spec.id))
    await start()
  }
}

async function create(parts: InstanceParts, spec: Started, render: Render): Promise<Container> {
  const { homeId, log, networks } = parts
  const network = spec.network === 'none' ? 'none' : await networks.nameOf(spec.network)
  return await createContainer(parts, {
    family: spec.image,
    render: (image: string) => render({ homeId, image, network }),
    report: (line: string) => {
      log.info(line)
    },
  })
}

/** @returns false when it has to be made anew: there is no such container, or its network is gone */
async function startExisting(container: Container): Promise<boolean> {
  const alreadyRunning = 304
  try {
    await askUnless([alreadyRunning], container.start())
    return true
  } catch (error) {
    if (statusOf(error) === 404) return false
    throw error
  }
}

function describe({ Labels, State }: ContainerInfo): RunningInstance {
  return {
    id: Labels[instanceLabel] ?? Labels[buildLabel] ?? Labels[toolLabel] ?? '',
    site: Labels[siteLabel] ?? '',
    status: State === 'running' ? 'running' : 'stopped',
  }
}
