import { mkdtemp, rename, rm, stat } from 'node:fs/promises'
import { connect, createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { PassThrough } from 'node:stream'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { splitCommandLine } from '../../../../src/gateway/command-line.ts'
import { runOnDaemon } from '../../../../src/gateway/local/client.ts'
import { type LocalDoor, startLocalDoor } from '../../../../src/gateway/local/door.ts'
import type { Handlers, Request } from '../../../../src/gateway/session.ts'
import { systemClock } from '../../../../src/lib/clock.ts'
import { silentLog } from '../../../../src/lib/log.ts'
import { openStore, type Store } from '../../../../src/store/store.ts'

let path: string
let store: Store
let doors: LocalDoor[]

beforeEach(async () => {
  path = join(await mkdtemp(join(tmpdir(), 'local-door-')), 'run/control.sock')
  store = await openStore(':memory:', systemClock)
  await store.accounts.add('zoe', 'user')
  await store.accounts.add('root', 'admin')
  await store.accounts.add('ada', 'admin')
  doors = []
})

afterEach(async () => {
  for (const door of doors) await door.close()
  await store.close()
  await rm(dirname(dirname(path)), { recursive: true })
})

function collected(stream: PassThrough): () => string {
  const chunks: Buffer[] = []
  stream.on('data', (chunk: Buffer) => chunks.push(chunk))
  return () => Buffer.concat(chunks).toString()
}

type Exec = (request: Request, commandLine: string) => Promise<number>

async function open(exec: Exec, at = path): Promise<void> {
  const handlers: Handlers = {
    exec,
    async shell(request) {
      return await exec(request, '(shell)')
    },
    subsystem: () => Promise.resolve(1),
  }
  doors.push(await startLocalDoor({ path: at, handlers, store, log: silentLog }))
}

async function hosting(
  words: string[],
  { input, tty = false, at = path }: { input?: string; tty?: boolean; at?: string } = {},
) {
  const raw: boolean[] = []
  const stdin = Object.assign(new PassThrough(), {
    ...(tty && { isTTY: true }),
    setRawMode: (on: boolean) => raw.push(on),
  })
  const stdout = Object.assign(new PassThrough(), tty ? { isTTY: true, columns: 100, rows: 30 } : {})
  const stderr = new PassThrough()
  if (input !== undefined) stdin.end(input)
  const command = await runOnDaemon(at, words, { stdin, stdout, stderr })
  return { ...command, stdin, raw, stdout: collected(stdout), stderr: collected(stderr) }
}

describe('the local door', () => {
  it('runs a command as the first admin, its words intact, and hands back output and status', async () => {
    await open(async ({ account, door, stdout, stderr, terminal }, line) => {
      stdout.write(JSON.stringify({ account: account.name, door, terminal, words: splitCommandLine(line) }))
      stderr.write('careful\n')
      return 42
    })
    const words = ['info', 'it\'s "quoted"', '', '$(id)']
    const { ended, stdout, stderr } = await hosting(words)
    expect(await ended).toBe(42)
    expect(JSON.parse(stdout())).toEqual({ account: 'root', door: 'local', words })
    expect(stderr()).toBe('careful\n')
  })

  it('without words opens the shell, with the terminal as large as it is', async () => {
    await open(async ({ stdout, terminal }, line) => {
      stdout.write(JSON.stringify([line, terminal]))
      return 0
    })
    const { ended, stdout } = await hosting([], { tty: true })
    await ended
    expect(JSON.parse(stdout())).toEqual(['(shell)', { columns: 100, rows: 30 }])
  })

  it('takes input only when the command reads some, and then in full, however long', async () => {
    await open(async ({ stdin, stdout }, line) => {
      if (line !== 'count') return 0
      let bytes = 0
      for await (const chunk of stdin) bytes += (chunk as Buffer).length
      stdout.write(String(bytes))
      return 0
    })
    const ignoring = await hosting(['ignore'], { input: 'x'.repeat(10) })
    await ignoring.ended
    expect(String(ignoring.stdin.read())).toBe('x'.repeat(10))
    const counting = await hosting(['count'], { input: 'x'.repeat(3_000_000) })
    await counting.ended
    expect(counting.stdout()).toBe('3000000')
  })

  it('sends more output than the socket holds, in order, before the status', async () => {
    await open(async ({ stdout }) => {
      for (let line = 0; line < 50_000; line++) stdout.write(`${line}\n`)
      return 3
    })
    const { ended, stdout } = await hosting(['flood'])
    expect(await ended).toBe(3)
    expect(stdout()).toBe(Array.from({ length: 50_000 }, (_, line) => `${line}\n`).join(''))
  })

  it('passes Ctrl-C on, as a signal and as a key of a terminal in raw mode', async () => {
    await open(async ({ gone, stdin }, line) => {
      if (line === 'read') stdin.resume()
      if (!gone.aborted) await new Promise((resolve) => gone.addEventListener('abort', resolve))
      return 130
    })
    const waiting = await hosting(['wait'], { tty: true })
    waiting.interrupt()
    expect(await waiting.ended).toBe(130)
    expect(waiting.raw).toEqual([])
    const reading = await hosting(['read'], { tty: true })
    reading.stdin.write('\x03')
    expect(await reading.ended).toBe(130)
    expect(reading.raw).toEqual([true, false])
  })

  it('tells the command when its client is gone, and cuts its input off with an error', async () => {
    const outcome = Promise.withResolvers<unknown>()
    await open(async ({ stdin, gone }) => {
      const read = async () => {
        for await (const chunk of stdin) expect(chunk).toBeDefined()
      }
      outcome.resolve(await read().catch((error: unknown) => [String(error), gone.aborted]))
      return 0
    })
    const client = connect({ path })
    client.write(
      Buffer.concat([Buffer.from([0, 0, 0, 34, 1]), Buffer.from('{"commandLine":"x","keys":false}  ').subarray(0, 33)]),
    )
    client.once('data', () => client.destroy())
    expect(await outcome.promise).toEqual([expect.stringContaining('went away') as string, true])
  })

  it('hangs up on whoever speaks another language, and goes on', async () => {
    await open(() => Promise.resolve(0))
    const stranger = connect({ path })
    stranger.on('error', () => undefined).write('GET / HTTP/1.1\r\n\r\n')
    await new Promise((resolve) => stranger.once('close', resolve))
    expect(await (await hosting(['sites'])).ended).toBe(0)
  })

  it('says what to do when there is no admin', async () => {
    for (const { id, role } of await store.accounts.list()) if (role === 'admin') await store.accounts.remove(id)
    await open(() => Promise.resolve(0))
    const { ended, stderr } = await hosting(['sites'])
    expect(await ended).toBe(3)
    expect(stderr()).toContain('--admin-keys')
  })
})

describe('the control socket', () => {
  it('is for its owner alone', async () => {
    await open(() => Promise.resolve(0))
    expect((await stat(path)).mode & 0o777).toBe(0o600)
  })

  it('is not taken from a daemon that answers', async () => {
    await open(() => Promise.resolve(0))
    await expect(open(() => Promise.resolve(1))).rejects.toMatchObject({ code: 'conflict' })
    expect(await (await hosting(['sites'])).ended).toBe(0)
  })

  it('is taken over from one that was killed', async () => {
    await open(() => Promise.resolve(0))
    await doors.pop()?.close()
    await leaveSocketBehind(path)
    await open(() => Promise.resolve(5))
    expect(await (await hosting(['sites'])).ended).toBe(5)
  })

  it('works in a home whose path is longer than the path of a socket may be', async () => {
    const deep = join(dirname(path), 'x'.repeat(90), 'run/control.sock')
    await open(() => Promise.resolve(6), deep)
    expect(await (await hosting(['sites'], { at: deep })).ended).toBe(6)
  })

  it('that nobody listens on is named in the error', async () => {
    await expect(hosting(['sites'])).rejects.toMatchObject({
      code: 'unavailable',
      message: expect.stringContaining(path) as string,
    })
  })
})

/** As SIGKILL leaves it: bound once, nobody listening. */
async function leaveSocketBehind(at: string): Promise<void> {
  const server = createServer()
  await new Promise<void>((resolve) => server.listen({ path: `${at}.old` }, resolve))
  await rename(`${at}.old`, at)
  await new Promise((resolve) => server.close(resolve))
}
