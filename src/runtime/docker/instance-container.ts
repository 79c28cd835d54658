// Describes the container of an instance; pure.
import type { MountSettings } from 'dockerode'
import type { InstanceSpec } from '../runtime.ts'
import { bind, confined, keptOutput, userOf } from './confinement.ts'
import type { ContainerPlan } from './create-container.ts'
import { containerName, homeLabel, instanceLabel, siteLabel } from './labels.ts'

const temporaryFiles = 'rw,noexec,nosuid,nodev,size=64m,mode=1777'

/** nginx and php-fpm finish their requests on SIGQUIT. */
const stopSignal = 'SIGQUIT'

export interface Place {
  readonly homeId: string
  readonly image: string
  /** Name of a Docker network, or `none`. */
  readonly network: string
}

export function renderInstance(spec: InstanceSpec, { homeId, image, network }: Place): ContainerPlan {
  return {
    name: containerName(homeId, spec.id),
    Image: image,
    ...userOf(spec.uid),
    StopSignal: stopSignal,
    Env: Object.entries(spec.env).map(([name, value]) => `${name}=${value}`),
    Labels: { [homeLabel]: homeId, [siteLabel]: spec.site, [instanceLabel]: spec.id },
    HostConfig: {
      ...confined(spec.limits),
      NetworkMode: network,
      Tmpfs: { '/tmp': temporaryFiles },
      LogConfig: keptOutput,
      Mounts: mounts(spec),
    },
  }
}

function mounts(spec: InstanceSpec): MountSettings[] {
  const { storageDirectory, databaseDirectory, mailDirectory } = spec
  return [
    bind(spec.releaseDirectory, '/site', 'ro'),
    bind(spec.instanceDirectory, '/run/site', 'rw'),
    ...(storageDirectory === undefined ? [] : [bind(storageDirectory, '/storage', 'rw')]),
    ...(databaseDirectory === undefined ? [] : [bind(databaseDirectory, '/run/mysqld', 'ro')]),
    ...(mailDirectory === undefined ? [] : [bind(mailDirectory, '/run/mail', 'ro')]),
  ]
}
