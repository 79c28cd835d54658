// The processes of a platform's edge: the same ones as long as nothing starts or reloads it.
import { readFile } from 'node:fs/promises'
import type { Home } from '../../src/config/home.ts'
import { edgePaths } from '../../src/edge/edge-paths.ts'
import { findMaster } from '../../src/edge/nginx-process.ts'

/** Its master, then its workers. */
export async function edgeProcesses(home: Home): Promise<readonly number[]> {
  const master = await findMaster(edgePaths(home))
  if (master === undefined) throw new Error('The edge does not run')
  const children = await readFile(`/proc/${master}/task/${master}/children`, 'utf8')
  return [master, ...children.trim().split(' ').map(Number)]
}
