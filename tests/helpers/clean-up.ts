// Removes what a platform of a test may have left: containers, nginx, the short link of its home, and its directory.
import { readFile, rm } from 'node:fs/promises'
import { dirname } from 'node:path'
import type { Home } from '../../src/config/home.ts'
import { edgePaths } from '../../src/edge/edge-paths.ts'
import { findMaster } from '../../src/edge/nginx-process.ts'
import { removeRunLink } from '../../src/edge/run-link.ts'
import { unmountAll } from '../../src/privileged/storage/discard.ts'
import { homeLabel, siteLabel } from '../../src/runtime/docker/labels.ts'
import { run, runOk } from './session.ts'

/** The names of the containers of a home, or of one site (by its full name) there, running or not. */
export async function containersOf(home: Home, site?: string): Promise<string[]> {
  const labels = [`${homeLabel}=${home.id}`, ...(site === undefined ? [] : [`${siteLabel}=${site}`])]
  const filters = labels.flatMap((label) => ['--filter', `label=${label}`])
  const { stdout } = await runOk('docker', ['ps', '-a', ...filters, '--format', '{{.Names}}'])
  return stdout.split('\n').filter(Boolean)
}

/** Those of them that run: an instance that is made ahead is listed before it is started. */
export async function runningContainersOf(home: Home, site?: string): Promise<string[]> {
  const all = await containersOf(home, site)
  const running = new Set((await runOk('docker', ['ps', '--format', '{{.Names}}'])).stdout.split('\n'))
  return all.filter((name) => running.has(name))
}

/** The master process of a home's nginx, if it runs. */
export async function nginxOf(home: Home): Promise<number | undefined> {
  return await findMaster(edgePaths(home))
}

export async function cleanUp(home: Home): Promise<void> {
  const left = await containersOf(home)
  if (left.length > 0) await run('docker', ['rm', '-f', ...left])
  const master = await nginxOf(home)
  if (master !== undefined) await endGroup(master)
  await removeRunLink(home)
  await unmountAll(home.storage)
  await rm(dirname(home.root), { recursive: true, force: true, maxRetries: 3 })
}

/** nginx leads a process group of its own; its workers are ended with it. */
async function endGroup(leader: number): Promise<void> {
  process.kill(-leader, 'SIGKILL')
  while ((await readFile(`/proc/${leader}/cmdline`, 'utf8').catch(() => '')) !== '') await new Promise(setImmediate)
}
