// Clients that break the rules of the SSH gateway, before and after they log in. Whatever they do, the next honest one is served.
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { readFile } from 'node:fs/promises'
import { connect, type Socket } from 'node:net'
import { setTimeout as delay } from 'node:timers/promises'
import ssh2, { type Client } from 'ssh2'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { ended, start } from '../../src/lib/exec.ts'
import { Gateway } from '../helpers/gateway.ts'
import { until } from '../helpers/until.ts'

const megabyte = 1024 * 1024
const hello = 'SSH-2.0-test\r\n'
let gateway: Gateway

beforeAll(async () => {
  gateway = await Gateway.start({ 'ssh-login-grace': '1.5', 'ssh-max-tries': '4', 'ssh-max-channels': '3' })
})

afterAll(async () => {
  await gateway[Symbol.asyncDispose]()
})

async function expectServed(of = gateway): Promise<void> {
  expect((await of.ssh('exit 7')).exitCode).toBe(7)
  expect(of.alive).toBe(true)
}

/** A connection that says what it is told to; `closed` resolves with all that came back. */
function knock(of: Gateway, bytes?: string | Buffer): { socket: Socket; closed: Promise<string> } {
  const socket = connect({ port: of.port, host: '127.0.0.1' })
  const chunks: Buffer[] = []
  socket.on('data', (chunk: Buffer) => chunks.push(chunk)).on('error', () => undefined)
  if (bytes !== undefined) socket.write(bytes)
  const closed = once(socket, 'close').then(() => Buffer.concat(chunks).toString('latin1'))
  return { socket, closed }
}

/** A client of ssh2, whose protocol can be misused once it has logged in. */
async function visitor(of = gateway): Promise<Client> {
  const client = new ssh2.Client()
  client.on('error', () => undefined)
  client.connect({ host: '127.0.0.1', port: of.port, username: 'x', privateKey: await readFile(of.keyFile('ed25519')) })
  await once(client, 'ready')
  return client
}

/** `once` would take the error that comes first for its own. */
async function closing(client: Client): Promise<void> {
  await new Promise<void>((resolve) => client.once('close', () => resolve()))
}

/** ssh2's own sender of messages, which checks nothing. */
function sender(client: Client): Record<string, (...values: unknown[]) => void> {
  return Reflect.get(client, '_protocol') as Record<string, (...values: unknown[]) => void>
}

describe('before the login', () => {
  it('a silent client has to go when its time is over', async () => {
    const since = performance.now()
    await knock(gateway).closed
    expect(performance.now() - since).toBeGreaterThan(1300)
    expect(performance.now() - since).toBeLessThan(5000)
  })

  it('a client that sends a byte now and then gets no more time', async () => {
    const { socket, closed } = knock(gateway)
    const since = performance.now()
    const drip = setInterval(() => socket.write('S'), 50)
    await closed
    clearInterval(drip)
    expect(performance.now() - since).toBeLessThan(5000)
  })

  it.each<[string, Buffer]>([
    ['random bytes', randomBytes(10_000)],
    ['another protocol', Buffer.from('GET / HTTP/1.1\r\nHost: x\r\n\r\n')],
    ['SSH 1', Buffer.from('SSH-1.5-old\r\n')],
    ['an endless first line', Buffer.alloc(1_000_000, 'SSH-2.0-')],
    [
      'a packet that says it has 4 GB',
      Buffer.concat([Buffer.from(hello), Buffer.from('ffffffff00', 'hex'), randomBytes(100)]),
    ],
    ['a packet of no length', Buffer.concat([Buffer.from(hello), Buffer.alloc(64)])],
    ['random packets', Buffer.concat([Buffer.from(hello), Buffer.from('0000000c0414', 'hex'), randomBytes(5000)])],
  ])('%s ends that connection only', async (_what, bytes) => {
    await knock(gateway, bytes).closed
    await expectServed()
  })

  it('so many keys may be tried, and no more', async () => {
    const wrong = Array.from({ length: 6 }, () => ['-i', gateway.keyFile('unknown')]).flat()
    const { stderr } = await gateway.ssh('exit 0', { key: 'unknown', flags: [...wrong, '-o', 'LogLevel=DEBUG1'] })
    expect(stderr).toContain('Permission denied')
    const client = new ssh2.Client()
    client.on('error', () => undefined)
    let tries = 0
    client.connect({
      ...{ host: '127.0.0.1', port: gateway.port, username: 'x' },
      authHandler: () => {
        tries++
        return { type: 'password', username: 'x', password: String(tries) }
      },
    })
    await closing(client)
    expect(tries).toBe(5)
    await expectServed()
  })

  it('channels and requests are not to be had', async () => {
    const client = new ssh2.Client()
    client.on('error', () => undefined)
    client.connect({ host: '127.0.0.1', port: gateway.port, username: 'x', password: 'x' })
    await once(client, 'handshake')
    sender(client)['session']?.(0, megabyte, 32_768)
    sender(client)['exec']?.(0, 'exit 0', true)
    await closing(client)
    expect(gateway.log).not.toContain('"command":"exit","gone":false,"status":0')
  })
})

describe('the places before the login', () => {
  it('are limited for each address, and free again', async () => {
    await using small = await Gateway.start({ 'ssh-max-unauthenticated-per-address': '3', 'ssh-login-grace': '20' })
    const waiting = [knock(small, hello), knock(small, hello), knock(small, hello)]
    await delay(100)
    expect(await knock(small).closed).toBe('Not now: too many connections of yours are logging in\r\n')
    waiting[0]?.socket.destroy()
    await until('a place', async () => (await small.ssh('exit 7')).exitCode === 7)
    for (const { socket } of waiting) socket.destroy()
  })

  it('go to newcomers when all are taken', async () => {
    await using small = await Gateway.start({ 'ssh-max-unauthenticated': '3', 'ssh-login-grace': '20' })
    const waiting = [knock(small, hello), knock(small, hello), knock(small, hello)]
    await delay(100)
    await expectServed(small)
    await waiting[0]?.closed
    expect(waiting[1]?.socket.destroyed).toBe(false)
    for (const { socket } of waiting) socket.destroy()
  })
})

describe('an address that keeps failing', () => {
  it('is refused before anything is said, with the time to wait, and let in again later', async () => {
    await using strict = await Gateway.start()
    const malformed = Buffer.concat([Buffer.from(hello), Buffer.from('ffffffff00', 'hex'), randomBytes(100)])
    for (let count = 0; count < 60; count++) await knock(strict, malformed).closed
    expect(await knock(strict).closed).toMatch(/^Not now: too many failures; try again in \d+ s\r\n$/)
    expect((await strict.ssh('exit 7')).exitCode).toBe(255)
    await until('the end of the penalty', async () => (await strict.ssh('exit 7')).exitCode === 7)
  })
})

describe('after the login', () => {
  it('only so many channels are open at once', async () => {
    const client = await visitor()
    const open = () =>
      new Promise<string>((resolve) => client.exec('sleep 30', (error) => resolve(error ? 'refused' : 'open')))
    expect(await Promise.all([open(), open(), open(), open()])).toEqual(['open', 'open', 'open', 'refused'])
    client.destroy()
    await expectServed()
  })

  // The attack: ssh2 cuts output into packets of the size that the client announced, of 0 bytes for ever.
  it.each([0, 1])('packets of %d bytes are not sent', async (packetSize) => {
    const client = await visitor()
    sender(client)['session']?.(0, 2 * megabyte, packetSize)
    sender(client)['exec']?.(0, 'zeros 1000000', true)
    await closing(client)
    await expectServed()
  })

  // The attack: a window of 4 GB and never a byte read, so that all output waits in the server's memory.
  it('a client that reads nothing makes nothing pile up', async () => {
    const client = await visitor()
    const before = await gateway.memory()
    const socket = Reflect.get(client, '_sock') as Socket
    sender(client)['session']?.(0, 0xffff_ffff, 32_768)
    sender(client)['exec']?.(0, `zeros ${1000 * megabyte}`, true)
    socket.pause()
    await delay(1500)
    expect((await gateway.memory()).now - before.now).toBeLessThan(64 * 1024)
    client.destroy()
    await expectServed()
  })

  // The same while keys are exchanged: ssh2 queues all output until the client has done its part.
  it('a client that starts a key exchange and leaves it there makes nothing pile up', async () => {
    const client = await visitor()
    const before = await gateway.memory()
    sender(client)['session']?.(0, 0xffff_ffff, 32_768)
    sender(client)['exec']?.(0, `zeros ${1000 * megabyte}`, true)
    sender(client)['rekey']?.()
    ;(Reflect.get(client, '_sock') as Socket).removeAllListeners('data')
    await delay(1500)
    expect((await gateway.memory()).now - before.now).toBeLessThan(64 * 1024)
    client.destroy()
    await expectServed()
  })

  // The attack: sending beyond the window, which ssh2 only notices when exactly nothing is left of it.
  it('a client that ignores its window is cut off', async () => {
    const client = await visitor()
    sender(client)['session']?.(0, 2 * megabyte, 32_768)
    sender(client)['exec']?.(0, 'sleep 30', true)
    const piece = Buffer.alloc(30_001)
    const closed = closing(client)
    const flood = setInterval(() => {
      for (let count = 0; count < 100; count++) sender(client)['channelData']?.(0, piece)
    }, 5)
    await closed
    clearInterval(flood)
    await until('the word about it', () => gateway.log.includes('ignored flow control'))
    await expectServed()
  })

  it.each<[string, (send: Record<string, (...values: unknown[]) => void>) => void]>([
    ['data for a channel that is not there', (send) => send['channelData']?.(999, Buffer.alloc(10))],
    ['the end of a channel that is not there', (send) => send['channelClose']?.(999)],
    ['a window that overflows', (send) => send['channelWindowAdjust']?.(0, 0xffff_ffff)],
    ['two commands on one channel', (send) => [1, 2].forEach(() => send['exec']?.(0, 'sleep 1', true))],
    ['a second login', (send) => send['authPassword']?.('x', 'y')],
    ['a signal before there is a command', (send) => send['signal']?.(0, 'KILL')],
  ])('%s harms nobody', async (_what, misuse) => {
    const client = await visitor()
    sender(client)['session']?.(0, 2 * megabyte, 32_768)
    try {
      misuse(sender(client))
    } catch {
      // ssh2's client refuses some of it by itself.
    }
    await delay(50)
    client.destroy()
    await expectServed()
  })

  it('garbage in place of an encrypted packet ends that connection only', async () => {
    const client = await visitor()
    ;(Reflect.get(client, '_sock') as Socket).write(randomBytes(40_000))
    await closing(client)
    await expectServed()
  })

  it('uploads that are cut off in the middle, however often, leave the gateway standing', async () => {
    const uploads = Array.from({ length: 12 }, async (_, index) => {
      const child = start('ssh', [...gateway.args(), index % 2 === 0 ? 'slowly' : 'count'])
      child.stdin?.on('error', () => undefined)
      child.stdin?.write(Buffer.alloc(6 * megabyte))
      setTimeout(() => child.kill('SIGKILL'), 200 + index * 60)
      return await ended(child)
    })
    await Promise.all(uploads)
    // What is buffered is read on for a while.
    await delay(1000)
    await expectServed()
  })
})
