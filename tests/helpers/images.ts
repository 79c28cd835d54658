// Before the first test that needs containers: the images that most of them need, made once instead of by every daemon at the same time.
import { createDockerRuntime } from '../../src/runtime/docker/docker-runtime.ts'
import { silentLog } from '../../src/lib/log.ts'
import { projectRoot } from './paths.ts'

/** On a fresh machine minutes that no test should have to wait. */
const shared = ['php-8.4', 'mariadb', 'phpmyadmin', 'builder']

export async function setup(): Promise<void> {
  const buildpacksDirectory = `${projectRoot}/buildpacks`
  const runtime = createDockerRuntime({ homeId: 'tests', buildpacksDirectory, log: silentLog })
  try {
    const report = (line: string) => process.stdout.write(`  ${line}\n`)
    await runtime.ensureImages(report)
    await Promise.all(shared.map((image) => runtime.ensureImage(image, report)))
  } finally {
    await runtime.close()
  }
}
