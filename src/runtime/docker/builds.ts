// Runs a buildpack's bin/compile on a copy of the source: confined, in time, its output handed on.
import { Readable } from 'node:stream'
import type { Container } from 'dockerode'
import { pack } from 'tar-stream'
import type { BuildResult, BuildSpec } from '../runtime.ts'
import { renderBuild } from './build-container.ts'
import { capOutput } from '../../lib/cap-output.ts'
import { type ContainerMaker, createContainer } from './create-container.ts'
import { ask } from './engine.ts'
import { containerName } from './labels.ts'
import type { Networks } from './networks.ts'
import { removeContainer } from './remove-container.ts'
import { runToEnd } from './run-to-end.ts'

export interface BuildParts extends ContainerMaker {
  readonly homeId: string
  readonly buildpacksDirectory: string
  readonly networks: Networks
}

const builder = 'builder'
/** What buildpacks/builder/build ends with when the kernel killed one of its processes for want of memory. */
const outOfMemoryExitCode = 112

/** @throws the signal's reason when it aborts; then and on any error nothing of the build is left */
export async function runBuild(parts: BuildParts, spec: BuildSpec): Promise<BuildResult> {
  spec.signal?.throwIfAborted()
  const dispose = () => removeContainer(parts.engine, containerName(parts.homeId, spec.id))
  try {
    const container = await prepare(parts, spec)
    const result = await runInTime(container, spec)
    spec.signal?.throwIfAborted()
    return { ...result, output: () => ask(container.getArchive({ path: '/build/.' })), dispose }
  } catch (error) {
    await dispose()
    throw error
  }
}

async function prepare(parts: BuildParts, spec: BuildSpec): Promise<Container> {
  const { homeId, buildpacksDirectory, networks } = parts
  const report = (line: string) => spec.output(line)
  const network = await networks.nameOf('build')
  if (network === 'none') spec.output('This build has no network: it could not be closed off from the server.')
  spec.signal?.throwIfAborted()
  const container = await createContainer(parts, {
    family: spec.image ?? builder,
    render: (image) => renderBuild(spec, { homeId, buildpacksDirectory, image, network }),
    report,
  })
  await ask(container.putArchive(envArchive(spec), { path: '/env' }))
  return container
}

/** A file a variable, readable by the build's uid alone. Sent to Docker, not mounted: secrets stay out of the host's file system. */
function envArchive({ env, uid }: BuildSpec): Readable {
  const archive = pack()
  for (const [name, value] of Object.entries(env)) archive.entry({ name, mode: 0o400, uid, gid: uid }, value)
  archive.finalize()
  return Readable.from(archive)
}

async function runInTime(container: Container, spec: BuildSpec): Promise<Pick<BuildResult, 'exitCode' | 'killed'>> {
  const deadline = AbortSignal.timeout(spec.timeoutMs)
  const signal = spec.signal === undefined ? deadline : AbortSignal.any([deadline, spec.signal])
  const { exitCode } = await runToEnd(
    container,
    capOutput((line) => spec.output(line)),
    signal,
  )
  if (exitCode === 0) return { exitCode }
  if (deadline.aborted) return { exitCode, killed: 'timeout' }
  return (await ranOutOfMemory(container, exitCode)) ? { exitCode, killed: 'memory' } : { exitCode }
}

/** Also when it was a child of the build command that the kernel killed; `OOMKilled` when it was the first process. */
async function ranOutOfMemory(container: Container, exitCode: number): Promise<boolean> {
  return exitCode === outOfMemoryExitCode || (await ask(container.inspect())).State.OOMKilled
}
