import { appendFile, mkdir, rename, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { PassThrough } from 'node:stream'
import { setTimeout as delay } from 'node:timers/promises'
import { describe, expect, it, vi } from 'vitest'
import { siteLogPath } from '../../../src/config/home.ts'
import { appendAppLog } from '../../../src/deploy/app-log.ts'
import type { LogLine, LogQuery, Runtime } from '../../../src/runtime/runtime.ts'
import { collect, createPlatform, terminal } from './platform.ts'

const at = (second: number, ms = 0) => new Date(Date.UTC(2026, 10, 21, 12, 0, second, ms))
const printed = (second: number, text: string): LogLine => ({ time: at(second), stream: 'stdout', text })

function request(second: number, uri: string): string {
  const fields = {
    t: String(at(second).getTime() / 1000),
    a: '::1',
    m: 'GET',
    h: 'demo',
    u: uri,
    s: '200',
    b: '5',
    d: '0.001',
  }
  return `${JSON.stringify({ ...fields, r: '', ua: 'curl' })}\n`
}

/** Instances that print when told to, and end when told to. */
function printers() {
  const lines = new Map<string, LogLine[]>()
  const ended = new Set<string>()
  const queries: [string, LogQuery][] = []
  async function* logs(id: string, query: LogQuery): AsyncGenerator<LogLine> {
    queries.push([id, query])
    const since = query.since?.getTime() ?? 0
    const wanted = () => (lines.get(id) ?? []).filter(({ time }) => time.getTime() >= since)
    let position = query.tail === undefined ? 0 : Math.max(0, wanted().length - query.tail)
    for (;;) {
      for (const line of wanted().slice(position)) {
        position++
        yield line
      }
      if (query.follow !== true || ended.has(id) || query.signal?.aborted === true) return
      await delay(5)
    }
  }
  return {
    runtime: { logs } satisfies Partial<Runtime>,
    queries,
    print: (id: string, ...more: LogLine[]) => void lines.set(id, [...(lines.get(id) ?? []), ...more]),
    end: (id: string) => void ended.add(id),
    wake: (id: string) => void ended.delete(id),
  }
}

async function withLogs() {
  const instances = printers()
  const platform = await createPlatform({ runtime: instances.runtime })
  const site = await platform.site('demo.localhost', 'root')
  const directory = siteLogPath(platform.config.home, site.name)
  await mkdir(directory, { recursive: true })
  const setLive = (id: string) => platform.store.sites.update(site.id, { live_instance_id: id })
  return Object.assign(platform, { instances, directory, setLive, siteId: site.id })
}
type WithLogs = Awaited<ReturnType<typeof withLogs>>

/** Follows until `gone` is aborted; `seen` are the texts so far. */
async function follow(platform: WithLogs, words: string, stdout = new PassThrough()) {
  const gone = new AbortController()
  const account = await platform.account('root')
  const streams = { stdin: new PassThrough(), stdout, stderr: new PassThrough() }
  const ended = platform.runner({ account, door: 'ssh', gone: gone.signal, ...streams }, words.split(' '))
  const collected = collect(stdout)
  const seen = () => collected().trim().split('\n')
  return { gone, ended, seen, err: collect(streams.stderr) }
}

const soon = { timeout: 5000, interval: 10 }

describe('logs', () => {
  it('merges requests and output by time, and tells their source', async () => {
    await using platform = await withLogs()
    await platform.setLive('one')
    await writeFile(join(platform.directory, 'access.log'), request(1, '/a') + request(4, '/b'))
    await appendAppLog(join(platform.directory, 'app.log'), [printed(2, 'of an ended instance')])
    platform.instances.print('one', printed(3, 'hello \u001b[2J'))
    const { out } = await platform.run('logs demo')
    expect(out.trim().split('\n')).toEqual([
      '2026-11-21T12:00:01.000Z web 200 GET demo/a 5 B 1 ms ::1',
      '2026-11-21T12:00:02.000Z app of an ended instance',
      '2026-11-21T12:00:03.000Z app hello \\x1b[2J',
      '2026-11-21T12:00:04.000Z web 200 GET demo/b 5 B 1 ms ::1',
    ])
    expect((await platform.run('logs demo', { terminal })).out).toContain('\u001b[36mweb')
  })

  it('gives the last lines of one source, over a rotation, as JSON', async () => {
    await using platform = await withLogs()
    await writeFile(join(platform.directory, 'access.log.1'), request(1, '/a') + request(2, '/b'))
    await writeFile(join(platform.directory, 'access.log'), `${request(3, '/c')}not JSON\n`)
    const { out } = await platform.run('logs demo --source web -n 3 --json')
    const entries = out
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as { uri: string })
    expect(entries.map(({ uri }) => uri)).toEqual(['/b', '/c'])
    expect(entries[0]).toMatchObject({
      source: 'web',
      time: at(2).toISOString(),
      status: 200,
      durationMs: 1,
      method: 'GET',
    })
  })

  it('shows the newest build, or that of a release', async () => {
    await using platform = await withLogs()
    await mkdir(join(platform.directory, 'build'))
    for (const [id, text] of [
      ['first000000', 'old'],
      ['second00000', 'new'],
    ] as const) {
      await platform.release(platform.siteId, { id })
      await writeFile(join(platform.directory, 'build', `${id}.log`), `Building ${text}\n`)
    }
    expect((await platform.run('logs demo --source build')).out).toBe('Building new\n')
    expect((await platform.run('logs demo --release 1')).out).toBe('Building old\n')
    expect((await platform.run('logs demo --release 9')).code).toBe(3)
  })

  it('says so when there is nothing, and works while the runtime is down', async () => {
    await using platform = await createPlatform({
      runtime: {
        // biome-ignore lint/correctness/useYield: it fails before
        async *logs() {
          throw new Error('no Docker')
        },
      },
    })
    const { id } = await platform.site('demo.localhost', 'root')
    await platform.store.sites.update(id, { live_instance_id: 'one' })
    expect(await platform.run('logs demo')).toEqual({ code: 0, out: '', err: 'Nothing was logged yet.\n' })
  })
})

describe('logs -f', () => {
  it('goes on where it began, and over a deploy, while the old instance still drains', async () => {
    await using platform = await withLogs()
    const { instances } = platform
    await platform.setLive('one')
    instances.print('one', printed(1, 'one'), printed(2, 'two'), printed(2, 'three'))
    const { gone, ended, seen } = await follow(platform, 'logs demo -f -n 2 --source app')
    const see = (...expected: string[]) =>
      vi.waitFor(() => expect(seen().map((line) => line.split(' ').at(-1))).toEqual(expected), soon)
    await see('two', 'three')
    instances.print('one', printed(2, 'four'), printed(3, 'five'))
    await see('two', 'three', 'four', 'five')
    instances.print('next', printed(3, 'starting'))
    await platform.setLive('next')
    await see('two', 'three', 'four', 'five', 'starting')
    instances.print('one', printed(4, 'draining'))
    await see('two', 'three', 'four', 'five', 'starting', 'draining')
    instances.end('one')
    instances.end('next')
    await delay(30)
    instances.wake('next')
    instances.print('next', printed(9, 'woken'))
    await see('two', 'three', 'four', 'five', 'starting', 'draining', 'woken')
    gone.abort()
    expect(await ended).toBe(130)
  })

  it('follows requests through a rotation, into a log that was not there at first', async () => {
    await using platform = await withLogs()
    const path = join(platform.directory, 'access.log')
    const { gone, ended, seen } = await follow(platform, 'logs demo -f --json')
    const uris = () => seen().map((line) => (line === '' ? '' : (JSON.parse(line) as { uri: string }).uri))
    const see = (...expected: string[]) => vi.waitFor(() => expect(uris()).toEqual(expected), soon)
    await delay(20)
    await appendFile(path, request(1, '/first'))
    await see('/first')
    await rename(path, `${path}.1`)
    await appendFile(`${path}.1`, request(2, '/late'))
    await appendFile(path, request(3, '/new'))
    await see('/first', '/late', '/new')
    gone.abort()
    await ended
  })

  it('passes over what is there with -n 0', async () => {
    await using platform = await withLogs()
    await platform.setLive('one')
    platform.instances.print('one', printed(1, 'old'))
    const { gone, ended, seen } = await follow(platform, 'logs demo -f -n 0 --source app')
    await delay(60)
    platform.instances.print('one', { time: new Date(), stream: 'stderr', text: 'new' })
    await vi.waitFor(() => expect(seen().join()).toMatch(/app new$/), soon)
    gone.abort()
    await ended
  })

  it('goes over to the build of the next release', async () => {
    await using platform = await withLogs()
    const build = join(platform.directory, 'build')
    await mkdir(build)
    await platform.release(platform.siteId, { id: 'first000000' })
    await writeFile(join(build, 'first000000.log'), 'one\n')
    const { gone, ended, seen } = await follow(platform, 'logs demo -f --source build')
    await vi.waitFor(() => expect(seen()).toEqual(['one']), soon)
    await appendFile(join(build, 'first000000.log'), 'two\n')
    await platform.release(platform.siteId, { id: 'second00000' })
    await appendFile(join(build, 'second00000.log'), 'three\n')
    await vi.waitFor(() => expect(seen()).toEqual(['one', 'two', 'Release #2', 'three']), soon)
    gone.abort()
    await ended
  })

  it('keeps nothing back for a slow reader: the sources wait', async () => {
    let taken = 0
    const chatty: Partial<Runtime> = {
      async *logs(_id, { follow: following }) {
        if (following !== true) return
        for (; taken < 10_000; taken++) yield printed(1, 'x'.repeat(1000))
      },
    }
    await using platform = await createPlatform({ runtime: chatty })
    const { id } = await platform.site('demo.localhost', 'root')
    await platform.store.sites.update(id, { live_instance_id: 'one' })
    const stdout = new PassThrough({ highWaterMark: 16_384 })
    const gone = new AbortController()
    const streams = { stdin: new PassThrough(), stdout, stderr: new PassThrough() }
    const visit = { account: await platform.account('root'), door: 'ssh', gone: gone.signal, ...streams } as const
    const ended = platform.runner(visit, ['logs', 'demo', '-f'])
    await vi.waitFor(() => expect(taken).toBeGreaterThan(0), soon)
    await delay(50)
    expect(taken).toBeLessThan(40)
    gone.abort()
    expect(await ended).toBe(130)
  })

  it('ends when the permission does', async () => {
    await using platform = await withLogs()
    const reader = await platform.account('reader')
    await platform.store.grants.put(platform.siteId, reader.id, 'read')
    const streams = { stdin: new PassThrough(), stdout: new PassThrough(), stderr: new PassThrough() }
    const visit = { account: reader, door: 'ssh', gone: new AbortController().signal, ...streams } as const
    const ended = platform.runner(visit, ['logs', 'demo', '-f'])
    await delay(50)
    await platform.store.grants.remove(platform.siteId, reader.id)
    expect(await ended).toBe(3)
  })
})
