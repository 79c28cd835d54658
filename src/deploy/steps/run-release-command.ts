// Runs what Procfile calls `release` in the new release, before anything else of it runs: a migration has to be there for the health
// check. Its failure rejects the push. Not for a rollback or a change of variables: they bring no new code.
import { finished } from 'node:stream/promises'
import { HostingError } from '../../errors/hosting-error.ts'
import { capOutput } from '../../lib/cap-output.ts'
import type { ToolSpec } from '../../runtime/runtime.ts'
import { lineOutput } from '../line-output.ts'
import { maskValues } from '../mask.ts'
import { ensureNeeds, manifestOf } from '../needs.ts'
import { oneOffTool, shellCommand } from '../one-off.ts'
import type { Attempt, Parts } from '../parts.ts'
import type { Print } from '../types.ts'
import type { Step } from './take.ts'

/**
 * The kernel's own count, cgroup v2 or v1: whether it killed anything for want of memory, be it a child whose end the command took for
 * something else. $0 is the exit status that says so.
 */
const tellMemory = `bash -c "$1"; status=$?
[ "$status" -ne 0 ] && grep -qs '^oom_kill [1-9]' /sys/fs/cgroup/memory.events /sys/fs/cgroup/memory/memory.oom_control && exit "$0"
exit "$status"`
const outOfMemoryExitCode = 112

export const runReleaseCommand: Step = async ({ attempt, parts }) => {
  const { image, releaseCommand = '' } = await manifestOf(attempt, parts)
  const { site, release, print } = attempt
  await ensureNeeds(attempt, parts)
  await parts.runtime.ensureImage(image, print)
  const command = [...shellCommand(tellMemory), String(outOfMemoryExitCode), releaseCommand]
  const tool = await oneOffTool(site, { directory: release.directory, image, command }, parts)
  print(`  release command: ${releaseCommand}`)
  const exitCode = await runInTime(tool, attempt, parts)
  if (exitCode === 0) return 'release command done'
  const { memoryMb } = tool.limits
  throw failed(
    exitCode === outOfMemoryExitCode
      ? `needed more than the ${memoryMb} MB of memory that an instance has, and was killed`
      : `ended with exit status ${exitCode}`,
  )
}

/** @throws HostingError release-failed when it takes too long, shutting-down when the platform stops */
async function runInTime(tool: ToolSpec, { print, signal }: Attempt, { runtime, config }: Parts): Promise<number> {
  const seconds = config['release-timeout']
  const deadline = new AbortController()
  let timer: NodeJS.Timeout | undefined
  const output = lineOutput(capOutput(indented(print, maskValues(tool.env))))
  try {
    return await runtime.runTool(tool, {
      stdout: output,
      stderr: output,
      signal: AbortSignal.any([deadline.signal, signal]),
      // Its own time: a container takes longer to start on a busy machine.
      started: () => (timer = setTimeout(() => deadline.abort(), seconds * 1000)),
    })
  } catch (error) {
    if (deadline.signal.aborted && !signal.aborted) throw failed(`did not end within ${seconds} s, and was killed`)
    throw error
  } finally {
    clearTimeout(timer)
    output.end()
    await finished(output)
  }
}

function indented(print: Print, mask: (line: string) => string): Print {
  return (line) => print(`       ${mask(line)}`)
}

function failed(how: string): HostingError {
  return new HostingError('release-failed', `The release command of Procfile ${how}`, {
    hint: 'What it printed stands above. Correct it and push again; what it changed in the database or in storage stays changed.',
  })
}
