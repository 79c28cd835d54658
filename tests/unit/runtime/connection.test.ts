// A Docker that is away, and one that comes back, played by a small server on a unix socket.
import { createServer, type Server, type ServerResponse } from 'node:http'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { silentLog } from '../../../src/lib/log.ts'
import { createDockerRuntime } from '../../../src/runtime/docker/docker-runtime.ts'
import type { Runtime } from '../../../src/runtime/runtime.ts'

let directory: string
let runtime: Runtime
let clients: ServerResponse[]
let server: Server | undefined
let pauses: number

const clock = {
  now: () => new Date(0),
  sleep: () => {
    pauses++
    return new Promise<void>((resolve) => setTimeout(resolve, 5))
  },
}
const socketPath = () => join(directory, 'docker.sock')
const die = (id: string) =>
  `${JSON.stringify({ Type: 'container', Actor: { Attributes: { 'hosting.instance': id, exitCode: '137' } } })}\n`

async function listen(): Promise<void> {
  server = createServer((_, response) => {
    clients.push(response)
    response.flushHeaders()
  })
  await new Promise<void>((resolve) => server?.listen(socketPath(), resolve))
}

async function shut(): Promise<void> {
  server?.closeAllConnections()
  await new Promise((resolve) => server?.close(resolve))
}

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'hosting-docker-'))
  clients = []
  pauses = 0
  const options = { homeId: 'test', buildpacksDirectory: directory, log: silentLog, clock, socketPath: socketPath() }
  runtime = createDockerRuntime(options)
})

afterEach(async () => {
  await runtime.close()
  await rm(directory, { recursive: true })
})

describe('a Docker that does not answer', () => {
  it('is an error that says how to start it', async () => {
    await expect(runtime.list()).rejects.toMatchObject({
      code: 'unavailable',
      hint: expect.stringContaining('systemctl start docker') as string,
    })
  })
})

describe('events', () => {
  it('go on after Docker was away, and say that some may have been missed', async () => {
    const stop = new AbortController()
    const events = runtime.events(stop.signal)[Symbol.asyncIterator]()
    const first = events.next()
    await expect.poll(() => pauses).toBeGreaterThan(0)
    await listen()
    expect((await first).value).toEqual({ type: 'reconnected' })

    const second = events.next()
    clients[0]?.write(`not json\n{"Type":"container"}\n${die('one')}{"half":`)
    expect((await second).value).toEqual({ type: 'exited', id: 'one', exitCode: 137 })

    const third = events.next()
    await shut()
    await listen()
    expect((await third).value).toEqual({ type: 'reconnected' })

    const fourth = events.next()
    stop.abort()
    expect((await fourth).done).toBe(true)
    await shut()
  })
})
