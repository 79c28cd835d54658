// Describes the container of a service; pure.
import { createHash } from 'node:crypto'
import type { ServiceSpec } from '../runtime.ts'
import { bind, confined, userOf } from './confinement.ts'
import type { ContainerPlan } from './create-container.ts'
import { containerName, homeLabel, planLabel, serviceLabel } from './labels.ts'

/** Docker's own limit of 10 s, as when it is stopped itself, would end a database in the middle of its last writes. */
const stopTimeoutSeconds = 120

export function serviceContainerName(homeId: string, name: string): string {
  return containerName(homeId, `service-${name}`)
}

export function renderService(spec: ServiceSpec, { homeId, image }: { homeId: string; image: string }): ContainerPlan {
  const plan = {
    name: serviceContainerName(homeId, spec.name),
    Image: image,
    ...userOf(spec.uid),
    Cmd: ['start', ...spec.arguments],
    StopSignal: 'SIGTERM',
    StopTimeout: stopTimeoutSeconds,
    HostConfig: {
      ...confined(spec.limits),
      RestartPolicy: { Name: spec.outlivesPlatform ? 'unless-stopped' : 'no' },
      NetworkMode: 'none',
      Tmpfs: { '/tmp': 'rw,noexec,nosuid,nodev,size=64m,mode=1777' },
      LogConfig: { Type: 'json-file', Config: { 'max-size': '1m', 'max-file': '2' } },
      Mounts: spec.mounts.map(({ source, target, access }) => bind(source, target, access)),
    },
  }
  const hash = createHash('sha256')
    .update(JSON.stringify([plan, spec.revision]))
    .digest('hex')
  return { ...plan, Labels: { [homeLabel]: homeId, [serviceLabel]: spec.name, [planLabel]: hash } }
}
