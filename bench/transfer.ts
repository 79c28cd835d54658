// A push and a clone of 1 GB that nothing can compress: through the gateway beside OpenSSH, and how far the daemon's memory grew meanwhile.
import { open, rm } from 'node:fs/promises'
import { randomBytes } from 'node:crypto'
import { join } from 'node:path'
import { execOk } from '../src/lib/exec.ts'
import type { Platform } from '../tests/helpers/platform.ts'
import { WorkingCopy } from '../tests/helpers/working-copy.ts'
import { startCompiled } from './lib/compiled-platform.ts'
import { type OpenSsh, startOpenSsh } from './lib/openssh.ts'
import { rssOf, watchPeakRss } from './lib/processes.ts'
import { type Result, resultOf, type Run } from './lib/result.ts'

export const name = 'transfer'

const rounds = 3
const files = 128
const fileMegabytes = 8
const megabyte = 1024 * 1024
/** Not the branch that is deployed: a checkout is not what is compared here. */
const branch = 'stored'
/** Of the client: noise can be neither compressed nor made of deltas, and it would try for minutes. */
const settings = ['core.compression=0', 'pack.window=0']

export async function run(): Promise<Result[]> {
  await using platform = await startCompiled({ flags: { 'max-push-mb': '2048' } })
  await using server = await startOpenSsh(platform.admin)
  const copy = await makeSource(platform)
  const pushes: Run[] = []
  const clones: Run[] = []
  const growth: Run[] = []
  for (let round = 0; round < rounds; round++) {
    const target = await targetOf(round, { platform, server })
    const growthOf = await watchGrowth(platform.daemon.pid)
    const turn = { target, copy, floorFirst: round % 2 === 0 }
    pushes.push(await timeBoth(turn, push))
    clones.push(await timeBoth(turn, clone))
    growth.push({ value: (await growthOf()) / megabyte })
  }
  return [
    resultOf({ name: 'push of 1 GB', unit: 's', goal: { atMost: 1.2 }, runs: pushes }),
    resultOf({ name: 'clone of 1 GB', unit: 's', goal: { atMost: 1.2 }, runs: clones }),
    resultOf({ name: "growth of the daemon's memory", unit: 'MB', goal: { atMost: 64 }, runs: growth }),
  ]
}

interface Target {
  readonly ours: string
  readonly floor: string
}

/** New repositories: what is there already would not be sent again. */
async function targetOf(round: number, { platform, server }: { platform: Platform; server: OpenSsh }): Promise<Target> {
  const repository = `transfer-${round}.git`
  await server.createRepository(repository)
  return { ours: platform.admin.remoteOf(`transfer-${round}`), floor: server.remoteOf(repository) }
}

async function makeSource(platform: Platform): Promise<WorkingCopy> {
  const copy = await WorkingCopy.create(platform.admin, 'source', { 'index.html': 'hello' })
  for (const setting of settings) await copy.git('config', ...setting.split('='))
  for (let file = 0; file < files; file++) await writeNoise(join(copy.directory, `${file}.bin`))
  await copy.commit()
  return copy
}

async function writeNoise(path: string): Promise<void> {
  await using file = await open(path, 'w')
  for (let written = 0; written < fileMegabytes; written++) await file.write(randomBytes(megabyte))
}

async function push(copy: WorkingCopy, remote: string): Promise<void> {
  await copy.git('push', '-q', remote, `HEAD:refs/heads/${branch}`)
}

async function clone(copy: WorkingCopy, remote: string): Promise<void> {
  await copy.git('clone', '-q', '--bare', '-b', branch, remote, cloneOf(copy))
}

function cloneOf(copy: WorkingCopy): string {
  return join(copy.person.home, 'clone.git')
}

interface Turn {
  readonly target: Target
  readonly copy: WorkingCopy
  readonly floorFirst: boolean
}

async function timeBoth({ target, copy, floorFirst }: Turn, work: typeof push): Promise<Run> {
  const first = floorFirst ? await timed(work, copy, target.floor) : undefined
  const value = await timed(work, copy, target.ours)
  return { value, floor: first ?? (await timed(work, copy, target.floor)) }
}

/** Seconds. What was written before is on the disk when it begins. */
async function timed(work: typeof push, copy: WorkingCopy, remote: string): Promise<number> {
  await rm(cloneOf(copy), { recursive: true, force: true })
  await execOk('sync', [])
  const began = performance.now()
  await work(copy, remote)
  return (performance.now() - began) / 1000
}

async function watchGrowth(pid: number): Promise<() => Promise<number>> {
  const before = await rssOf(pid)
  const peak = await watchPeakRss(pid)
  return async () => (await peak()) - before
}
