// What an idle server takes: daemon and edge with ten, a thousand and ten thousand registered sites, and one idle instance.
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { execOk } from '../src/lib/exec.ts'
import { exists } from '../src/lib/files.ts'
import { containersOf, nginxOf } from '../tests/helpers/clean-up.ts'
import { WorkingCopy } from '../tests/helpers/working-copy.ts'
import { prepareCompiled, startCompiled } from './lib/compiled-platform.ts'
import { familyOf, parentOf, pssOf, rssOf } from './lib/processes.ts'
import { firstPushMs } from './lib/pushed-site.ts'
import { type Result, resultOf } from './lib/result.ts'
import { smallSite } from './lib/site-files.ts'

export const name = 'memory'

const megabyte = 1024 * 1024
const instances = 8
const settleMs = 3000
/** php-fpm ends processes that had nothing to do for 30 s. */
const idlePhpMs = 35_000

export async function run(): Promise<Result[]> {
  const results: Result[] = []
  for (const count of [10, 1000, 10_000]) results.push(...(await measureSites(count)))
  return [...results, ...(await measureInstances()), ...(await measurePhp())]
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

/** As the kernel counts it against their limit, after one request each. */
async function measurePhp(): Promise<Result[]> {
  await using platform = await startCompiled({ flags: { 'warm-instances': '0' } })
  const results: Result[] = []
  for (const [server, rules] of [
    ['php-fpm', {}],
    ['apache', { '.htaccess': 'RewriteEngine On\nRewriteRule ^a$ b\n' }],
  ] as const) {
    const copy = await WorkingCopy.create(platform.admin, server, { ...rules, 'index.php': '<?php echo "hello";' })
    await copy.pushOk(['main'], { timeoutMs: firstPushMs })
    await platform.get(server)
    await delay(idlePhpMs)
    const [container] = await containersOf(platform.home, `${server}.localhost`)
    const used = await memoryOf(container!)
    results.push(single(`an idle PHP instance with ${server}, cgroup`, 'MB', used / megabyte))
  }
  return results
}

/** Without what the kernel would give back at once: cached pages of files. */
async function memoryOf(container: string): Promise<number> {
  const id = (await execOk('docker', ['inspect', '--format', '{{.Id}}', container])).trim()
  const [directory, cache] = (await exists('/sys/fs/cgroup/cgroup.controllers'))
    ? [`/sys/fs/cgroup/docker/${id}`, 'inactive_file']
    : [`/sys/fs/cgroup/memory/docker/${id}`, 'total_inactive_file']
  const current = await readFile(join(directory, 'memory.current'), 'utf8').catch(() =>
    readFile(join(directory, 'memory.usage_in_bytes'), 'utf8'),
  )
  const found = new RegExp(`^${cache} (\\d+)$`, 'm').exec(await readFile(join(directory, 'memory.stat'), 'utf8'))
  return Number(current) - Number(found?.[1] ?? 0)
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
