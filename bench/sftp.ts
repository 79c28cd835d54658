// Uploads and downloads by OpenSSH's sftp: through the gateway and its jail beside OpenSSH's own server, and how far the daemon's memory grew.
import { existsSync } from 'node:fs'
import { mkdir, truncate, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { ended, execOk, start } from '../src/lib/exec.ts'
import type { Platform } from '../tests/helpers/platform.ts'
import { runOk } from '../tests/helpers/session.ts'
import { until } from '../tests/helpers/until.ts'
import { WorkingCopy } from '../tests/helpers/working-copy.ts'
import { startCompiled } from './lib/compiled-platform.ts'
import { interleave } from './lib/interleave.ts'
import { type OpenSsh, startOpenSsh } from './lib/openssh.ts'
import { rssOf, watchPeakRss } from './lib/processes.ts'
import { type Result, resultOf } from './lib/result.ts'

export const name = 'sftp'

const megabyte = 1024 * 1024
const bigBytes = 1024 * megabyte
const smallFiles = 2000
const listedFiles = 10_000
const quietSeconds = 2

/** Lines of a batch, given the folder that it works in. */
type Batch = (folder: string) => readonly string[]

export async function run(): Promise<Result[]> {
  await using platform = await startCompiled({ flags: { 'sftp-quiet-seconds': String(quietSeconds) } })
  await using server = await startOpenSsh(platform.admin)
  await makeSources(platform, server)
  const compare = comparing(platform, server)
  // What a first session makes (a working tree of 10,000 files) is no part of what transfers cost.
  await compare(1, (folder) => [`ls -1 ${folder}/many`])
  const before = await rssOf(platform.daemon.pid)
  const peak = await watchPeakRss(platform.daemon.pid)
  const put = await compare(2, (folder) => [
    `put ${platform.admin.home}/big.bin ${folder}/put.bin`,
    `rm ${folder}/put.bin`,
  ])
  const get = await compare(3, (folder) => [`get ${folder}/big.bin ${platform.admin.home}/got.bin`])
  const growth = ((await peak()) - before) / megabyte
  const small = await compare(3, (folder) => [
    `put -r ${platform.admin.home}/small ${folder}/`,
    `rm ${folder}/small/*`,
    `rmdir ${folder}/small`,
  ])
  const list = await compare(5, (folder) => [`ls -1 ${folder}/many`])
  return [
    resultOf({ name: 'put of 1 GB', unit: 's', goal: { atMost: 1.15 }, runs: put }),
    resultOf({ name: 'get of 1 GB', unit: 's', goal: { atMost: 1.15 }, runs: get }),
    resultOf({ name: `put of ${smallFiles} files of 4 kB`, unit: 's', goal: { atMost: 1.3 }, runs: small }),
    resultOf({ name: `ls of ${listedFiles} files, with login`, unit: 's', goal: { atMost: 1.3 }, runs: list }),
    resultOf({ name: "growth of the daemon's memory", unit: 'MB', goal: { atMost: 64 }, runs: [{ value: growth }] }),
    ...(await timesToLive(platform)),
  ]
}

async function makeSources(platform: Platform, server: OpenSsh): Promise<void> {
  const { admin } = platform
  await writeFile(join(admin.home, 'big.bin'), '')
  // Nothing in between compresses, so what is in it does not matter.
  await truncate(join(admin.home, 'big.bin'), bigBytes)
  await mkdir(join(admin.home, 'small'))
  for (let n = 0; n < smallFiles; n++)
    await writeFile(join(admin.home, `small/${n}.txt`), Buffer.alloc(4096, String(n)))
  const many = Array.from({ length: listedFiles }, (_, n) => [`many/file-${n}.txt`, `${n}`] as const)
  const copy = await WorkingCopy.create(admin, 'demo', { 'index.html': 'one', ...Object.fromEntries(many) })
  await execOk('cp', [join(admin.home, 'big.bin'), copy.directory])
  await copy.commit()
  await copy.pushOk()
  await execOk('cp', ['-r', `${copy.directory}/many`, join(admin.home, 'big.bin'), server.home])
  await execOk('chown', ['-R', `${server.user}:`, server.home])
}

function comparing(platform: Platform, server: OpenSsh) {
  const timed = async (target: readonly string[], batch: readonly string[]) => {
    await execOk('sync', [])
    const began = performance.now()
    const args = ['-q', ...platform.admin.sshOptions, '-b', '-', '-P', ...target]
    await runOk('sftp', args, { env: platform.admin.env, input: `${batch.join('\n')}\n` })
    return (performance.now() - began) / 1000
  }
  return async (rounds: number, batch: Batch) =>
    await interleave(rounds, {
      value: () => timed([String(platform.sshPort), 'x@127.0.0.1'], batch('demo.localhost')),
      floor: () => timed([String(server.port), `${server.user}@127.0.0.1`], batch('.')),
    })
}

/** From the last byte of one file to a reader who sees it, beside a push of one file: after a session, and while one stays open. */
async function timesToLive(platform: Platform): Promise<Result[]> {
  const copy = await WorkingCopy.create(platform.admin, 'live', { 'index.html': '0' })
  await copy.pushOk()
  const page = join(platform.admin.home, 'page.html')
  let turn = 0
  const isSeen = (text: string) => until(`"${text}"`, async () => (await platform.get('live')).text === text)
  const seenAfter = async (text: string, seconds = 0) => {
    const began = performance.now()
    await isSeen(text)
    return (performance.now() - began) / 1000 - seconds
  }
  const upload = async () => {
    const text = `upload ${++turn}`
    await writeFile(page, text)
    return { text, line: `put ${page} live.localhost/index.html\n` }
  }
  const args = ['-q', ...platform.admin.sshOptions, '-b', '-', '-P', String(platform.sshPort), 'x@127.0.0.1']
  const { env } = platform.admin
  const push = async () => {
    await copy.git('pull', '-q', '--rebase', 'hosting', 'main')
    const text = `push ${++turn}`
    await copy.commit({ 'index.html': text })
    const pushed = copy.pushOk()
    const took = await seenAfter(text)
    await pushed
    return took
  }
  const afterwards = await interleave(3, {
    value: async () => {
      const { text, line } = await upload()
      await runOk('sftp', args, { env, input: line })
      return await seenAfter(text)
    },
    floor: push,
  })
  const open = await interleave(3, {
    value: async () => {
      const { text, line } = await upload()
      const session = start('sftp', args, { env, stdio: ['pipe', 'ignore', 'ignore'] })
      session.stdin?.write(`${line}!rm ${page}\n`)
      await until('the last byte to be sent', () => !existsSync(page))
      const took = await seenAfter(text, quietSeconds)
      session.stdin?.end()
      await ended(session)
      return took
    },
    floor: push,
  })
  return [
    resultOf({ name: 'end of a session with one file → live', unit: 's', goal: { atMost: 1.3 }, runs: afterwards }),
    resultOf({
      name: 'last byte → live in an open one, less the quiet time',
      unit: 's',
      goal: { atMost: 1.3 },
      runs: open,
    }),
  ]
}
