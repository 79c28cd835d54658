// The folder of an instance's socket lies on this machine's disk, without a quota, and nginx follows what it finds there: no program of a
// site may write into it. The server has to, once: it is closed between the two, when something listens and nothing was asked yet.
import { chmod } from 'node:fs/promises'
import { connect } from 'node:net'
import { dirname, join } from 'node:path'
import { exists } from '../lib/files.ts'

/** Left there by an instance that runs programs of its site (buildpacks/php/start). nginx alone, which removes its socket in the end, needs no closing. */
const runsPrograms = 'programs'

/** @returns whether something listens; makeInstanceDirectory opens the folder again for a new start */
export async function closeOnceListening(socket: string): Promise<boolean> {
  if (!(await listens(socket))) return false
  const folder = dirname(socket)
  if (await exists(join(folder, runsPrograms))) await chmod(folder, 0o755)
  return true
}

async function listens(path: string): Promise<boolean> {
  return await new Promise((resolve) => {
    const connection = connect({ path })
    connection.once('error', () => resolve(false))
    connection.once('connect', () => {
      connection.destroy()
      resolve(true)
    })
  })
}
