// Describes the container of a program that runs on: that of a tool, but for its output, which is kept, and its end, which is told.
import type { ToolSpec } from '../runtime.ts'
import { keptOutput } from './confinement.ts'
import type { ContainerPlan } from './create-container.ts'
import type { Place } from './instance-container.ts'
import { homeLabel, instanceLabel, siteLabel } from './labels.ts'
import { renderTool } from './tool-container.ts'

export function renderProgram(spec: ToolSpec, place: Place): ContainerPlan {
  const plan = renderTool(spec, { ...place, hasInput: false, hasTerminal: false })
  return {
    ...plan,
    StopSignal: 'SIGTERM',
    Labels: { [homeLabel]: place.homeId, [siteLabel]: spec.site, [instanceLabel]: spec.id },
    HostConfig: { ...plan.HostConfig, LogConfig: keptOutput },
  }
}
