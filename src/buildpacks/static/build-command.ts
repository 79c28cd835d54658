// Runs the build command of a repository, confined, and unpacks what it made. The checked-out tree stays as it is.
import { mkdir } from 'node:fs/promises'
import { HostingError } from '../../errors/hosting-error.ts'
import type { BuildResult } from '../../runtime/runtime.ts'
import type { BuildRequest } from '../types.ts'
import { fromText } from './byte-string.ts'
import { extractTree } from './extract.ts'

const keptLines = 20

/**
 * @returns the directory of the built tree
 * @throws HostingError build-failed with the last lines of output
 */
export async function runBuildCommand(request: BuildRequest, command: string): Promise<string> {
  const last: string[] = []
  const output = (line: string) => {
    last.push(line)
    if (last.length > keptLines) last.shift()
    request.print(`       ${line}`)
  }
  request.print(`-----> Building: ${command}`)
  const sourceDirectory = `${request.directory}/tree`
  const result = await request.runBuild({
    buildpack: 'static',
    env: { BUILD_COMMAND: command },
    output,
    sourceDirectory,
  })
  try {
    refuseFailure(result, command, last)
    return await unpack(result, `${request.directory}/built`)
  } finally {
    await result.dispose()
  }
}

async function unpack(result: BuildResult, directory: string): Promise<string> {
  await mkdir(directory, { mode: 0o755 })
  await extractTree(await result.output(), fromText(directory))
  return directory
}

function refuseFailure({ exitCode, killed }: BuildResult, command: string, details: readonly string[]): void {
  if (killed === undefined && exitCode === 0) return
  const reasons = {
    timeout: 'it ran longer than a build may',
    memory: 'it used more memory than a build may',
    exit: `it ended with exit status ${exitCode}`,
  }
  throw new HostingError('build-failed', `The build command "${command}" failed: ${reasons[killed ?? 'exit']}`, {
    details,
    hint:
      killed === undefined
        ? 'Run the command in a fresh clone of the repository, correct what fails, commit, and push again.'
        : 'Make the build smaller, or build on your own machine and commit the result.',
  })
}
