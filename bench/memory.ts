// What an idle server takes: daemon and edge with ten, a thousand and ten thousand registered sites, and one idle instance.
import { readFile } from 'node:fs/promises'
import { setTimeout as delay } from 'node:timers/promises'
import { execOk } from '../src/lib/exec.ts'
import { containersOf, nginxOf } from '../tests/helpers/clean-up.ts'
import { Platform } from '../tests/helpers/platform.ts'
import { WorkingCopy } from '../tests/helpers/working-copy.ts'
import { familyOf, parentOf, pssOf, rssOf } from './lib/processes.ts'
import { type Result, resultOf } from './lib/result.ts'
import { smallSite } from './lib/site-files.ts'
import { registerSites } from './lib/sites.ts'

export const name = 'memory'

const megabyte = 1024 * 1024
const settleMs = 3000

export async function run(): Promise<Result[]> {
  const results: Result[] = []
  for (const count of [10, 1000, 10_000]) results.push(...(await measureSites(count)))
  return [...results, ...(await measureInstance())]
}

async function measureSites(count: number): Promise<Result[]> {
  await using platform = await Platform.prepare({ flags: { 'log-level': 'error' } })
  await registerSites(platform.home, count)
  const began = performance.now()
  await platform.start()
  const startMs = performance.now() - began
  await delay(settleMs)
  const { pid } = platform.daemon
  const edge = await familyOf((await nginxOf(platform.home))!)
  const at = `${count.toLocaleString('en')} sites`
  return [
    single(`${at}: start`, 'ms', startMs),
    single(`${at}: daemon, RSS`, 'MB', (await rssOf(pid)) / megabyte),
    single(`${at}: daemon, PSS`, 'MB', (await pssOf([pid])) / megabyte),
    single(`${at}: edge, PSS of ${edge.length} processes`, 'MB', (await pssOf(edge)) / megabyte),
  ]
}

async function measureInstance(): Promise<Result[]> {
  await using platform = await Platform.prepare({ flags: { 'log-level': 'error', 'warm-instances': '0' } })
  await platform.start()
  const copy = await WorkingCopy.create(platform.admin, 'idle', { ...smallSite(), 'index.html': 'hello' })
  await copy.pushOk()
  await delay(settleMs)
  const [container = ''] = await containersOf(platform.home)
  const first = Number(await execOk('docker', ['inspect', '--format', '{{.State.Pid}}', container]))
  const shim = await parentOf(first)
  if (!(await readFile(`/proc/${shim}/comm`, 'utf8')).startsWith('containerd-shim'))
    throw new Error('no shim was found')
  const processes = await familyOf(first)
  return [
    single(`idle static instance, PSS of ${processes.length} processes`, 'MB', (await pssOf(processes)) / megabyte),
    single('its containerd shim, PSS', 'MB', (await pssOf([shim])) / megabyte),
  ]
}

function single(what: string, unit: string, value: number): Result {
  return resultOf({ name: what, unit, runs: [{ value }] })
}
