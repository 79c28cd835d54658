// Containers of phpMyAdmin: one a site, no longer than it is used. The runtime is a stand-in whose "container" is a socket of this process.
import { mkdtemp, rm, symlink } from 'node:fs/promises'
import { createServer, type Server } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { loadConfig } from '../../../src/config/load.ts'
import { silentLog } from '../../../src/lib/log.ts'
import { Containers } from '../../../src/phpmyadmin/containers.ts'
import type { InstanceSpec } from '../../../src/runtime/runtime.ts'

const minute = 60_000
let directory: string
let time: number
let running: Map<string, { spec: InstanceSpec; server: Server }>
let containers: Containers

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'pma-'))
  await symlink(join(directory, 'home'), join(directory, 'link'))
  const config = loadConfig({ flags: { home: join(directory, 'home'), 'run-link': join(directory, 'link') }, env: {} })
  time = 0
  running = new Map()
  const runtime = {
    start: async (spec: InstanceSpec) => {
      const server = createServer((_, response) => response.end())
      running.set(spec.id, { spec, server })
      await new Promise<void>((resolve) => server.listen(join(spec.instanceDirectory, 'web.sock'), () => resolve()))
    },
    remove: (id: string) => {
      running.get(id)?.server.close()
      running.delete(id)
      return Promise.resolve()
    },
  }
  const clock = { now: () => new Date(time), sleep: () => Promise.resolve() }
  const surroundings = { env: { DB_PASSWORD: 'secret' }, databaseDirectory: '/databases' }
  const databases = { surroundings: () => Promise.resolve(surroundings) }
  containers = new Containers({
    config,
    clock,
    log: silentLog,
    address: () => Promise.resolve('https://db.example.org'),
    runtime: runtime as never,
    databases: databases as never,
  })
})
afterEach(async () => {
  await containers.close()
  expect(running.size).toBe(0)
  await rm(directory, { recursive: true })
})

const admitted = (id: number, password = 'sealed') => ({
  site: { id, name: `s${id}.localhost` },
  database: { password },
})
const use = <T>(id: number, work: (socket: string) => Promise<T>, password?: string) =>
  containers.use(admitted(id, password) as never, work)
const touch = (id: number, password?: string) => use(id, (socket) => Promise.resolve(socket), password)
const sites = () => [...running.values()].map(({ spec }) => spec.site)

describe('a container', () => {
  it('is one a site, as the site, without network', async () => {
    const [first, again, other] = await Promise.all([touch(1), touch(1), touch(2)])
    expect(again).toBe(first)
    expect(other).not.toBe(first)
    const specs = [...running.values()].sort((a, b) => a.spec.uid - b.spec.uid)
    expect(specs.map(({ spec }) => [spec.uid, spec.network, spec.env['PMA_SITE']])).toEqual([
      [200_001, 'none', 's1.localhost'],
      [200_002, 'none', 's2.localhost'],
    ])
  })

  it('is removed when nobody has used it for ten minutes, and not in the middle of a request', async () => {
    await touch(1)
    const { promise, resolve } = Promise.withResolvers<undefined>()
    const begun = Promise.withResolvers<undefined>()
    const long = use(2, () => {
      begun.resolve(undefined)
      return promise
    })
    await begun.promise
    time += 10 * minute + 1
    await containers.sweep()
    expect(sites()).toEqual(['s2.localhost'])
    resolve(undefined)
    await long
    time += 10 * minute
    await containers.sweep()
    expect(sites()).toEqual(['s2.localhost'])
    time += 1
    await containers.sweep()
    expect(sites()).toEqual([])
  })

  it('is made anew for another password', async () => {
    const before = await touch(1)
    expect(await touch(1, 'rotated')).not.toBe(before)
    expect(running.size).toBe(1)
  })

  it('is made anew after it failed', async () => {
    const before = await touch(1)
    await expect(use(1, () => Promise.reject(new Error('gone')))).rejects.toThrow('gone')
    expect(running.size).toBe(0)
    expect(await touch(1)).not.toBe(before)
  })

  it('makes room: the one unused longest goes', async () => {
    for (let id = 1; id <= 20; id++) {
      time += 1
      await touch(id)
    }
    await touch(1)
    time += 1
    await touch(21)
    expect(running.size).toBe(20)
    expect(sites()).toContain('s1.localhost')
    expect(sites()).not.toContain('s2.localhost')
  })
})
