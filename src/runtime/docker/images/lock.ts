// Lets one process at a time make images, other platforms on the machine wait: several may start side by side.
import { ended, killGroup, start } from '../../../lib/exec.ts'

/**
 * Holds flock(2) on a directory while `work` runs. The lock lives in a child (`cat`, ended by its input's end), so that it is
 * gone when this process is, however that ends.
 */
export async function withLock<T>(directory: string, work: () => Promise<T>): Promise<T> {
  const child = start('flock', [directory, 'cat'], { stdio: ['pipe', 'pipe', 'ignore'] })
  const end = ended(child)
  try {
    child.stdin?.on('error', () => undefined).write('locked\n')
    await Promise.race([new Promise((resolve) => child.stdout?.once('data', resolve)), end])
    return await work()
  } finally {
    child.stdin?.end()
    killGroup(child.pid)
    await end.catch(() => undefined)
  }
}
