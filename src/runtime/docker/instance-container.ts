// Describes the container of an instance; pure.
import type { InstanceSpec } from '../runtime.ts'
import { bind, confined, userOf } from './confinement.ts'
import type { ContainerPlan } from './create-container.ts'
import { containerName, homeLabel, instanceLabel, siteLabel } from './labels.ts'

const temporaryFiles = 'rw,noexec,nosuid,nodev,size=64m,mode=1777'

/** nginx and php-fpm finish their requests on SIGQUIT. */
const stopSignal = 'SIGQUIT'

export function renderInstance(spec: InstanceSpec, homeId: string, image: string): ContainerPlan {
  return {
    name: containerName(homeId, spec.id),
    Image: image,
    ...userOf(spec.uid),
    StopSignal: stopSignal,
    Labels: { [homeLabel]: homeId, [siteLabel]: spec.site, [instanceLabel]: spec.id },
    HostConfig: {
      ...confined(spec.limits),
      NetworkMode: 'none',
      Tmpfs: { '/tmp': temporaryFiles },
      LogConfig: { Type: 'json-file', Config: { 'max-size': '1m', 'max-file': '2' } },
      Mounts: [bind(spec.releaseDirectory, '/site', 'ro'), bind(spec.instanceDirectory, '/run/site', 'rw')],
    },
  }
}
