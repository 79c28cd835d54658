// Before the first test that needs containers: the base images, made once instead of by every daemon at the same time.
import { createDockerRuntime } from '../../src/runtime/docker/docker-runtime.ts'
import { silentLog } from '../../src/lib/log.ts'
import { projectRoot } from './paths.ts'

export async function setup(): Promise<void> {
  const buildpacksDirectory = `${projectRoot}/buildpacks`
  const runtime = createDockerRuntime({ homeId: 'tests', buildpacksDirectory, log: silentLog })
  try {
    await runtime.ensureImages((line) => process.stdout.write(`  ${line}\n`))
  } finally {
    await runtime.close()
  }
}
