// What the owner of a site reads about it: every request and every line of its instances once, in order, through deploys and
// rotations, and harmless whoever wrote it.
import { connect } from 'node:net'
import { rename } from 'node:fs/promises'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { z } from 'zod'
import { siteLogPath } from '../../src/config/home.ts'
import { containerName } from '../../src/runtime/docker/labels.ts'
import type { Person } from '../helpers/person.ts'
import { type Platform, startPlatform } from '../helpers/platform.ts'
import { runOk } from '../helpers/session.ts'
import { WorkingCopy } from '../helpers/working-copy.ts'

let platform: Platform
let ann: Person
let bob: Person
let copy: WorkingCopy

beforeAll(async () => {
  platform = await startPlatform()
  ann = await platform.addPerson('ann')
  bob = await platform.addPerson('bob')
  copy = await WorkingCopy.create(ann, 'demo', { 'index.html': 'one' })
  await copy.pushOk()
})

afterAll(async () => {
  await platform[Symbol.asyncDispose]()
})

const infoSchema = z.object({ instance: z.object({ id: z.string() }) })

/** Has the live instance print a line, as `printf` understands it. */
async function print(line: string): Promise<void> {
  const { instance } = infoSchema.parse(await ann.json('info demo'))
  const container = containerName(platform.home.id, instance.id)
  await runOk('docker', ['exec', container, 'sh', '-c', 'printf "$1\\n" > /proc/1/fd/2', 'sh', line])
}

/** What `logs` prints, line by line. */
async function logged(options = ''): Promise<string[]> {
  const { exitCode, stdout, output } = await ann.ssh(`logs demo ${options}`)
  expect(exitCode, output).toBe(0)
  return stdout.split('\n').filter(Boolean)
}

function count(output: string, needle: string): number {
  return output.split(needle).length - 1
}

describe('logs', () => {
  it('are requests and output together, by time', async () => {
    await platform.get('demo', '/first')
    await print('second')
    await platform.get('demo', '/third')
    const lines = await logged('-n 3')
    expect(lines.map((line) => line.replace(/^\S+Z /, ''))).toEqual([
      expect.stringMatching(/^web 404 GET demo\.localhost\/first \d+ B \d+ ms 127\.0\.0\.1$/),
      'app second',
      expect.stringMatching(/^web 404 GET demo\.localhost\/third /),
    ])
    expect(lines.toSorted()).toEqual(lines)
  })

  it('are as many lines as asked for, of the source asked for', async () => {
    expect(await logged('-n 1')).toEqual([expect.stringContaining('/third')])
    expect(await logged('-n 0')).toEqual([])
    expect(await logged('--source app')).toEqual([expect.stringContaining('second')])
    expect((await logged('--source web -n 2')).map((line) => line.split(' ')[4])).toEqual([
      'demo.localhost/first',
      'demo.localhost/third',
    ])
    expect((await logged('--source build'))[0]).toMatch(/^Deploying .* as release 1$/)
  })

  it('are JSON for scripts, an object a line', async () => {
    const entry = z.strictObject({ time: z.iso.datetime(), source: z.enum(['web', 'app']), text: z.string() }).loose()
    const entries = (await logged('-n 3 --json')).map((line) => entry.parse(JSON.parse(line)))
    expect(entries).toMatchObject([
      { source: 'web', status: 404, uri: '/first', address: '127.0.0.1' },
      { source: 'app', stream: 'stderr', text: 'second' },
      { source: 'web', status: 404, uri: '/third', method: 'GET' },
    ])
  })

  it('keep what an instance printed that has ended', async () => {
    await copy.commit({ 'index.html': 'two' })
    await copy.pushOk()
    await print('third')
    await expect.poll(() => logged('--source app')).toHaveLength(2)
    expect(await logged('--source app')).toEqual([expect.stringContaining('second'), expect.stringContaining('third')])
    expect(await logged('--release 1')).toEqual(
      expect.arrayContaining([expect.stringMatching(/^Deploying .* as release 1$/)]),
    )
  })

  it('are nobody else’s', async () => {
    for (const options of ['', '-f', '--source build', '--json']) {
      const asked = await bob.ssh(`logs demo ${options}`)
      expect(asked).toMatchObject({ exitCode: 3, stdout: '' })
    }
  })
})

describe('logs -f', () => {
  it('goes on through a deploy and a rotation, without a line missing or twice', async () => {
    await platform.get('demo', '/before')
    await using following = ann.open('logs demo -f -n 1')
    await following.says('/before')
    await platform.get('demo', '/one')
    await print('from the old')
    await copy.commit({ 'index.html': 'three' })
    await copy.pushOk()
    await platform.get('demo', '/two')
    await print('from the new')
    await following.says('from the new')
    // As edge/rotate-logs.ts does it each minute. nginx writes to the old file for a moment.
    const log = join(siteLogPath(platform.home, 'demo.localhost'), 'access.log')
    await rename(log, `${log}.1`)
    await platform.get('demo', '/three')
    await following.says('/three')
    await expect
      .poll(
        async () => {
          await platform.get('demo', '/four')
          return await runOk('ls', [log]).then(
            () => true,
            () => false,
          )
        },
        { timeout: 10_000, interval: 200 },
      )
      .toBe(true)
    await platform.get('demo', '/five')
    await following.says('/five')
    for (const line of ['/before', '/one', 'from the old', '/two', 'from the new', '/three', '/five'])
      expect(count(following.output, line), line).toBe(1)
    expect(await logged('-n 1000')).toEqual(
      expect.arrayContaining([expect.stringContaining('/before'), expect.stringContaining('/five')]),
    )
  })

  it('shows a deploy as it happens', async () => {
    await using following = ann.open('logs demo -f --source build -n 0')
    await copy.commit({ 'index.html': 'four' })
    await copy.pushOk()
    await following.says('Deploying')
    await following.says('switched to release')
    expect(count(following.output, 'Deploying')).toBe(1)
  })

  it('ends with Ctrl-C, and with the permission to read', async () => {
    await ann.ssh('access:add demo bob --role read')
    await using reader = bob.open('logs demo -f -n 1')
    await using owner = ann.open('logs demo -f -n 1', ['-tt'])
    await reader.says('demo.localhost')
    await owner.says('demo.localhost')
    owner.type('\x03')
    expect(await owner.ended()).toBe(130)
    await ann.ssh('access:remove demo bob')
    expect(await reader.ended()).toBe(3)
  })
})

/**
 * The attack: whoever can send a request writes into what the owner reads at a terminal, where ESC and its eight-bit cousin (CSI,
 * 0x9b) move the cursor, change colours and window titles, or have the terminal type an answer (ECMA-48), and bidirectional
 * overrides show another text than there is.
 */
describe('what strangers and instances write', () => {
  const csi = Buffer.from([0x9b])
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
  const steers = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u200e\u200f\u202a-\u202e\u2066-\u2069]/

  beforeAll(async () => {
    await request('/esc\x1b[2J', 'x')
    await request('/agent', '\x1b]0;owned\x07\x1b[31m"}')
    await request(Buffer.concat([Buffer.from('/csi-'), csi, Buffer.from('2J')]), 'x')
    await request('/encoded-%1b%5b2J', 'x')
    await request('/c1-\u009b2J', 'x')
    await request('/bidi-\u202egnp.html', 'x')
    await request('/forged"}\\n', 'x\r\n2026-01-01T00:00:00.000Z web 200 GET forged')
    await print('\\033]0;owned\\007\\033[2Jcleared\\r2026-01-01T00:00:00.000Z web forged')
  })

  it.each(['', '--json', '--source web', '--source app'])('cannot steer the terminal (%s)', async (options) => {
    const { stdout } = await ann.ssh(`logs demo -n 12 ${options}`)
    expect(stdout).toMatch(/csi-|cleared/)
    expect(stdout.match(steers)).toBeNull()
  })

  it('cannot steer it either where there is one, nor forge a line', async () => {
    const { stdout } = await ann.ssh('logs demo -n 12', { flags: ['-tt'] })
    for (const shown of ['/csi-', '/c1-\\x9b2J', '/bidi-\\x202egnp.html', '/encoded-%1b%5b2J', '\\x1b]0;owned\\x07'])
      expect(stdout).toContain(shown)
    // The colours are ours; nothing else may be there.
    // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
    expect(stdout.replace(/\u001b\[\d+m|\r\n/g, '').match(steers)).toBeNull()
    expect(stdout.match(/^\S*2026-01-01T/m)).toBeNull()
  })

  async function request(path: string | Buffer, agent: string): Promise<void> {
    const socket = connect(platform.httpPort, '127.0.0.1')
    socket.write('GET ')
    socket.write(path)
    socket.end(` HTTP/1.1\r\nHost: demo.localhost\r\nUser-Agent: ${agent}\r\nConnection: close\r\n\r\n`)
    await text(socket)
  }
})
