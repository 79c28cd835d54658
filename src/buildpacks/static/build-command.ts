// Runs the build command of a repository, confined, and unpacks what it made. The checked-out tree stays as it is.
import { runConfined } from '../confined-build.ts'
import type { BuildRequest } from '../types.ts'

/**
 * @returns the directory of the built tree
 * @throws HostingError build-failed with the last lines of output
 */
export async function runBuildCommand(request: BuildRequest, command: string): Promise<string> {
  const into = `${request.directory}/built`
  request.print(`-----> Building: ${command}`)
  await runConfined(request, {
    title: `The build command "${command}"`,
    buildpack: 'static',
    env: { BUILD_COMMAND: command },
    source: `${request.directory}/tree`,
    into,
    hint: 'Run the command in a fresh clone of the repository, correct what fails, commit, and push again.',
  })
  return into
}
