// What an idle server takes: daemon and edge with ten, a thousand and ten thousand registered sites, and one idle instance.
import { readFile } from 'node:fs/promises'
import { setTimeout as delay } from 'node:timers/promises'
import { execOk } from '../src/lib/exec.ts'
import { containersOf, nginxOf } from '../tests/helpers/clean-up.ts'
import { WorkingCopy } from '../tests/helpers/working-copy.ts'
import { prepareCompiled, startCompiled } from './lib/compiled-platform.ts'
import { familyOf, parentOf, pssOf, rssOf } from './lib/processes.ts'
import { type Result, resultOf } from './lib/result.ts'
import { smallSite } from './lib/site-files.ts'

export const name = 'memory'

const megabyte = 1024 * 1024
const instances = 8
const settleMs = 3000

export async function run(): Promise<Result[]> {
  const results: Result[] = []
  for (const count of [10, 1000, 10_000]) results.push(...(await measureSites(count)))
  return [...results, ...(await measureInstances())]
}

async function measureSites(count: number): Promise<Result[]> {
  await using platform = await prepareCompiled({ sites: count })
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

/** The mean of several: they share the pages of the image's programs. */
async function measureInstances(): Promise<Result[]> {
  await using platform = await startCompiled({ flags: { 'warm-instances': '0' } })
  for (let n = 0; n < instances; n++) {
    const copy = await WorkingCopy.create(platform.admin, `idle-${n}`, { ...smallSite(), 'index.html': 'hello' })
    await copy.pushOk()
  }
  await delay(settleMs)
  const firsts = await Promise.all((await containersOf(platform.home)).map(firstProcessOf))
  const shims = await Promise.all(firsts.map(shimOf))
  const families = (await Promise.all(firsts.map(familyOf))).flat()
  return [
    single('an idle static instance, PSS', 'MB', (await pssOf(families)) / firsts.length / megabyte),
    single('its containerd shim, PSS', 'MB', (await pssOf(shims)) / shims.length / megabyte),
  ]
}

async function firstProcessOf(container: string): Promise<number> {
  return Number(await execOk('docker', ['inspect', '--format', '{{.State.Pid}}', container]))
}

async function shimOf(process: number): Promise<number> {
  const shim = await parentOf(process)
  if ((await readFile(`/proc/${shim}/comm`, 'utf8')).startsWith('containerd-shim')) return shim
  throw new Error('An instance has another parent than a shim')
}

function single(what: string, unit: string, value: number): Result {
  return resultOf({ name: what, unit, runs: [{ value }] })
}
