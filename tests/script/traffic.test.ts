// What visitors notice of deploys: new content, and nothing else. And of a deploy that fails: nothing at all.
import { createHash, randomFillSync } from 'node:crypto'
import { once } from 'node:events'
import { readdir } from 'node:fs/promises'
import { type IncomingMessage, request } from 'node:http'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { z } from 'zod'
import { containerName } from '../../src/runtime/docker/labels.ts'
import { containersOf, runningContainersOf } from '../helpers/clean-up.ts'
import type { Person } from '../helpers/person.ts'
import { type Platform, startPlatform } from '../helpers/platform.ts'
import { runOk } from '../helpers/session.ts'
import { until } from '../helpers/until.ts'
import { visitWhile } from '../helpers/visitors.ts'
import { type Files, WorkingCopy } from '../helpers/working-copy.ts'

/** What is below /ruled/ is answered by the instance, all else by the edge. */
const rules = { _headers: '/ruled/*\n  X-Ruled: yes\n' }
const page = (text: string): Files => ({ 'index.html': text, 'ruled/page.html': text })

let platform: Platform
let ann: Person

beforeAll(async () => {
  platform = await startPlatform({ flags: { 'health-timeout': '3', 'request-rate': '0' } })
  ann = await platform.addPerson('ann')
})

afterAll(async () => {
  await platform[Symbol.asyncDispose]()
})

const infoSchema = z.object({ instance: z.object({ id: z.string() }) })

async function liveContainer(site: string): Promise<string> {
  return containerName(platform.home.id, infoSchema.parse(await ann.json(`info ${site}`)).instance.id)
}

describe('a slow download', () => {
  const mb = 1024 * 1024

  it('is finished by the instance, or the files, with which it began', async () => {
    // The edge takes up to 64 MB off an instance's hands (proxy_max_temp_file_size): more, so that the instance has to stay.
    const byInstance = pattern(96 * mb)
    const byEdge = pattern(24 * mb)
    const copy = await WorkingCopy.create(ann, 'slow', {
      ...rules,
      ...page('one'),
      'ruled/large.bin': byInstance,
      'large.bin': byEdge,
    })
    await copy.pushOk()
    const former = await liveContainer('slow')
    const downloads = await Promise.all(['/ruled/large.bin', '/large.bin'].map(begin))
    for (const text of ['two', 'three']) {
      await copy.commit({ ...page(text), 'large.bin': pattern(8 * mb) })
      await copy.pushOk()
      expect((await platform.get('slow')).text).toBe(text)
    }
    expect((await runOk('docker', ['inspect', '-f', '{{.State.Running}}', former])).stdout).toBe('true\n')
    expect(await Promise.all(downloads.map(sha256))).toEqual([await sha256([byInstance]), await sha256([byEdge])])
    await until('the former instance to end', async () => !(await containersOf(platform.home)).includes(former))
  })

  /** The head of an answer, whose body nobody reads yet. */
  async function begin(path: string): Promise<IncomingMessage> {
    const asked = request({ host: '127.0.0.1', port: platform.httpPort, path, headers: { host: 'slow.localhost' } })
    const answered = once(asked, 'response') as Promise<[IncomingMessage]>
    asked.end()
    return (await answered)[0]
  }

  async function sha256(chunks: AsyncIterable<Buffer> | Iterable<Buffer>): Promise<string> {
    const hash = createHash('sha256')
    for await (const chunk of chunks) hash.update(chunk)
    return hash.digest('hex')
  }

  /** Compresses well, and no two of its 4 kB pages are the same. */
  function pattern(size: number): Buffer {
    const bytes = Buffer.alloc(size, randomFillSync(Buffer.alloc(4096)))
    for (let at = 0; at < size; at += 4096) bytes.writeUInt32LE(at, at)
    return bytes
  }
})

describe('visitors who stay', () => {
  it('see each of ten deploys as soon as it is live, and nothing that is wrong or old', async () => {
    const copy = await WorkingCopy.create(ann, 'stay', { ...rules, ...page('0') })
    await copy.pushOk()
    const liveAt = [performance.now()]
    const visits = await visitWhile(
      {
        port: platform.httpPort,
        host: 'stay.localhost',
        paths: ['/', '/ruled/page'],
        complain({ status, text }, { at }) {
          const least = liveAt.findLastIndex((time) => time < at)
          const isRight = status === 200 && Number(text) >= least && Number(text) <= liveAt.length
          return isRight ? undefined : `${status} ${text} instead of ${least}`
        },
      },
      async () => {
        for (let release = 1; release <= 10; release++) {
          await copy.commit(page(String(release)))
          await copy.pushOk()
          liveAt.push(performance.now())
        }
      },
    )
    expect(visits.complaints).toEqual([])
    expect(visits.count).toBeGreaterThan(200)
  })
})

describe('a release that does not answer', () => {
  let copy: WorkingCopy

  beforeAll(async () => {
    copy = await WorkingCopy.create(ann, 'sick', { ...rules, ...page('one') })
    await copy.pushOk()
  })

  /** The instance that waits for the next push. */
  async function waiting(): Promise<string> {
    const live = await liveContainer('sick')
    return await until('an instance to wait for the next push', async () =>
      (await runningContainersOf(platform.home, 'sick.localhost')).find((name) => name !== live),
    )
  }

  it('is refused with the reason and its last words, and the old one serves on', async () => {
    const sick = await waiting()
    await runOk('docker', ['exec', sick, 'sh', '-c', 'echo "out of order" > /proc/1/fd/2'])
    await runOk('docker', ['pause', sick])
    await copy.commit(page('two'))
    const visits = await visitWhile(
      {
        port: platform.httpPort,
        host: 'sick.localhost',
        paths: ['/', '/ruled/page'],
        complain: ({ status, text }) => (status === 200 && text === 'one' ? undefined : `${status} ${text}`),
      },
      async () => {
        const pushed = await copy.push()
        expect(pushed.exitCode).not.toBe(0)
        expect(pushed.stderr).toContain('✗ The new release did not answer GET / within 3 s')
        expect(pushed.stderr).toContain('out of order')
        expect(pushed.stderr).toContain('The release before it serves on, unchanged.')
        expect(pushed.stderr).toContain('[remote rejected] main -> main')
      },
    )
    expect(visits.complaints).toEqual([])
    expect(await containersOf(platform.home)).not.toContain(sick)
    const listed = z.array(z.object({ state: z.string(), reason: z.string().nullable() }))
    expect(listed.parse(await ann.json('releases sick'))).toEqual([
      { state: 'failed', reason: 'The new release did not answer GET / within 3 s' },
      { state: 'live', reason: null },
    ])
  })

  it('leaves nothing in the way of the next push, which may be the same commit', async () => {
    expect(await readdir(join(platform.home.releases, 'sick.localhost'))).toHaveLength(1)
    await copy.pushOk()
    expect(await platform.get('sick', '/ruled/page')).toMatchObject({ status: 200, text: 'two' })
  })

  it('is told from one that answers badly on a path of its own choice', async () => {
    await copy.commit({ 'hosting.toml': '[health]\npath = "/nothing-there"\n' })
    expect((await copy.pushOk()).stderr).toContain('GET /nothing-there answered 404')
  })

  it('is not made of an instance that died while it waited: that one is started again', async () => {
    await runOk('docker', ['kill', await waiting()])
    await copy.commit(page('three'))
    await copy.pushOk()
    expect(await platform.get('sick', '/ruled/page')).toMatchObject({ text: 'three' })
  })
})
