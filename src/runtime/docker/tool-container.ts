// Describes the container of a tool; pure.
import type { ToolSpec } from '../runtime.ts'
import { bind, confined, userOf } from './confinement.ts'
import type { ContainerPlan } from './create-container.ts'
import { containerName, homeLabel, siteLabel, toolLabel } from './labels.ts'

interface Place {
  readonly homeId: string
  readonly image: string
  /** Name of a Docker network, or `none`. */
  readonly network: string
  readonly hasInput: boolean
  readonly hasTerminal: boolean
}

export function renderTool(spec: ToolSpec, { homeId, image, network, hasInput, hasTerminal }: Place): ContainerPlan {
  return {
    name: containerName(homeId, spec.id),
    Image: image,
    ...userOf(spec.uid),
    Cmd: [...spec.command],
    ...(spec.workingDirectory === undefined ? {} : { WorkingDir: spec.workingDirectory }),
    Env: Object.entries(spec.env).map(([name, value]) => `${name}=${value}`),
    Labels: { [homeLabel]: homeId, [siteLabel]: spec.site, [toolLabel]: spec.id },
    Tty: hasTerminal,
    AttachStdin: hasInput,
    OpenStdin: hasInput,
    StdinOnce: hasInput,
    HostConfig: {
      ...confined(spec.limits),
      // As process 1 a program ignores the signals that it does not handle itself: Ctrl-C would not end it.
      Init: true,
      NetworkMode: network,
      Tmpfs: { '/tmp': `rw,noexec,nosuid,nodev,size=${spec.temporaryMb ?? 16}m,mode=1777` },
      // What it prints is for whoever asked, and may be gigabytes.
      LogConfig: { Type: 'none', Config: {} },
      Mounts: spec.mounts.map(({ source, target, access }) => bind(source, target, access)),
    },
  }
}
