// Git over HTTPS beside Git over SSH, on the same platform: a push and a clone of 200 MB, one file until it is live, and what a login costs.
import { join } from 'node:path'
import { randomBytes } from 'node:crypto'
import { rm, writeFile } from 'node:fs/promises'
import { execOk } from '../src/lib/exec.ts'
import { HttpsPerson } from '../tests/helpers/https-person.ts'
import type { Platform } from '../tests/helpers/platform.ts'
import { runOk } from '../tests/helpers/session.ts'
import { WorkingCopy } from '../tests/helpers/working-copy.ts'
import { startCompiled } from './lib/compiled-platform.ts'
import { interleave } from './lib/interleave.ts'
import { rssOf, watchPeakRss } from './lib/processes.ts'
import { timePush } from './lib/push-timing.ts'
import { type Result, resultOf } from './lib/result.ts'

export const name = 'git-https'

const password = 'four words in a row'
const megabyte = 1024 * 1024
const files = 25
const fileMegabytes = 8
/** Not the branch that is deployed: a checkout is not what is compared here. */
const branch = 'stored'

export async function run(): Promise<Result[]> {
  await using platform = await startCompiled({ flags: { 'max-push-mb': '1024' } })
  await platform.admin.ssh('password', { input: password })
  const bench = { platform, ways: waysOf(platform) }
  return [...(await measureTransfers(bench)), await measureOneFile(bench), ...(await measureLogins(bench))]
}

interface Way {
  readonly urlOf: (site: string) => string
  readonly env: Readonly<Record<string, string>>
}

interface Bench {
  readonly platform: Platform
  readonly ways: { readonly https: Way; readonly ssh: Way }
}

function waysOf(platform: Platform): Bench['ways'] {
  const https = new HttpsPerson(platform, { name: 'admin', secret: password })
  const { admin } = platform
  return {
    https: { urlOf: (site) => https.urlOf(site), env: https.env },
    ssh: { urlOf: (site) => admin.remoteOf(site), env: {} },
  }
}

async function measureTransfers({ platform, ways }: Bench): Promise<Result[]> {
  const copy = await makeSource(platform)
  const { pid } = platform.daemon
  let turn = 0
  // Each to a repository of its own: what is there already would not be sent again.
  const push = (way: Way) => async () => {
    const url = way.urlOf(`transfer-${++turn}`)
    return await timed(() => git(copy, way, ['push', '-q', url, `HEAD:refs/heads/${branch}`]))
  }
  const pushes = await interleave(3, { value: push(ways.https), floor: push(ways.ssh) })
  const into = join(copy.person.home, 'clone.git')
  const clone = (way: Way) => async () => {
    await rm(into, { recursive: true, force: true })
    return await timed(() => git(copy, way, ['clone', '-q', '--bare', '-b', branch, way.urlOf('transfer-1'), into]))
  }
  const clones = await interleave(3, { value: clone(ways.https), floor: clone(ways.ssh) })
  const before = await rssOf(pid)
  const peak = await watchPeakRss(pid)
  await push(ways.https)()
  await clone(ways.https)()
  const growth = ((await peak()) - before) / megabyte
  const megabytes = files * fileMegabytes
  return [
    resultOf({ name: `push of ${megabytes} MB, beside SSH`, unit: 's', goal: { atMost: 1.2 }, runs: pushes }),
    resultOf({ name: `clone of ${megabytes} MB, beside SSH`, unit: 's', goal: { atMost: 1.2 }, runs: clones }),
    resultOf({ name: "growth of the daemon's memory", unit: 'MB', goal: { atMost: 64 }, runs: [{ value: growth }] }),
  ]
}

async function makeSource(platform: Platform): Promise<WorkingCopy> {
  const copy = await WorkingCopy.create(platform.admin, 'source', { 'index.html': 'hello' })
  for (const setting of ['core.compression=0', 'pack.window=0']) await copy.git('config', ...setting.split('='))
  for (let file = 0; file < files; file++)
    await writeFile(join(copy.directory, `${file}.bin`), randomBytes(fileMegabytes * megabyte))
  await copy.commit()
  return copy
}

async function measureOneFile({ platform, ways }: Bench): Promise<Result> {
  const copy = await WorkingCopy.create(platform.admin, 'live', { 'index.html': '0' })
  await copy.pushOk()
  let turn = 0
  const push = (way: Way) => async () => {
    const text = `turn ${++turn}`
    await copy.commit({ 'index.html': text })
    const { ms } = await timePush(
      () => git(copy, way, ['push', '-q', way.urlOf('live'), 'main']),
      async () => (await platform.get('live')).text === text,
    )
    return ms
  }
  const runs = await interleave(9, { value: push(ways.https), floor: push(ways.ssh) })
  return resultOf({ name: 'push of one file → live, beside SSH', unit: 'ms', goal: { atMost: 1.3 }, runs })
}

/** A fetch that finds nothing new, by a password beside an app token, which needs no slow hash: what the password costs each time. */
async function measureLogins({ platform, ways }: Bench): Promise<Result[]> {
  const { secret } = (await platform.admin.json('tokens:add')) as { secret: string }
  const token = new HttpsPerson(platform, { name: 'admin', secret })
  const copy = await WorkingCopy.create(platform.admin, 'login', { 'index.html': '0' })
  await copy.pushOk()
  const look = (url: string) => () =>
    timed(async () => {
      for (let at = 0; at < 20; at++) await git(copy, ways.https, ['ls-remote', '-q', url])
    })
  const again = await interleave(5, {
    value: look(ways.https.urlOf('login')),
    floor: look(token.urlOf('login')),
  })
  return [resultOf({ name: '20 × ls-remote: password beside token', unit: 's', goal: { atMost: 1.15 }, runs: again })]
}

async function git(copy: WorkingCopy, { env }: Way, args: readonly string[]) {
  return await runOk('git', args, { cwd: copy.directory, env: { ...copy.person.env, ...env } })
}

/** Seconds. What was written before is on the disk when it begins. */
async function timed(work: () => Promise<unknown>): Promise<number> {
  await execOk('sync', [])
  const began = performance.now()
  await work()
  return (performance.now() - began) / 1000
}
