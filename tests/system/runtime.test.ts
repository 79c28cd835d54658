// Instances on the real Docker: how they start, what they may do, how they end.
import { chmod, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { request } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { setTimeout as delay } from 'node:timers/promises'
import Docker from 'dockerode'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createId } from '../../src/lib/id.ts'
import { silentLog } from '../../src/lib/log.ts'
import { createDockerRuntime } from '../../src/runtime/docker/docker-runtime.ts'
import type { InstanceSpec, Runtime } from '../../src/runtime/runtime.ts'

const docker = new Docker()
const homeId = `t${createId().slice(-7)}`
const buildpacksDirectory = join(import.meta.dirname, '../../buildpacks')
const uid = 231_007
const nginxConf = `
error_log /dev/stderr notice;
pid /tmp/nginx.pid;
events {}
http {
  access_log off;
  client_body_temp_path /tmp/body; proxy_temp_path /tmp/proxy; fastcgi_temp_path /tmp/fastcgi;
  uwsgi_temp_path /tmp/uwsgi; scgi_temp_path /tmp/scgi;
  server { listen unix:/run/site/web.sock; location / { return 200 "$hostname alive\\n"; } }
}
`

let directory: string
let runtime: Runtime

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'hosting-runtime-'))
  await chmod(directory, 0o755)
  runtime = createDockerRuntime({ homeId, buildpacksDirectory, log: silentLog })
  await runtime.ensureImages(() => undefined)
}, 600_000)

afterAll(async () => {
  for (const { id } of await runtime.list()) await runtime.remove(id)
  await runtime.close()
  await rm(directory, { recursive: true })
})

async function newInstance(): Promise<InstanceSpec> {
  const id = createId()
  const releaseDirectory = join(directory, id, 'release')
  const instanceDirectory = join(directory, id, 'run')
  await mkdir(releaseDirectory, { recursive: true })
  await mkdir(instanceDirectory)
  await chmod(instanceDirectory, 0o777)
  const limits = { memoryMb: 64, cpus: 1, pids: 32 }
  return {
    id,
    site: 'example.org',
    image: 'static',
    uid,
    releaseDirectory,
    instanceDirectory,
    limits,
    env: {},
    network: 'none',
  }
}

async function complete({ releaseDirectory }: InstanceSpec): Promise<void> {
  await writeFile(join(releaseDirectory, 'nginx.conf'), nginxConf)
  await writeFile(join(releaseDirectory, 'complete'), '')
}

async function live(): Promise<InstanceSpec> {
  const spec = await newInstance()
  await complete(spec)
  await runtime.start(spec)
  await answer(spec)
  return spec
}

async function answer(spec: InstanceSpec): Promise<string> {
  for (let tries = 0; tries < 500; tries++) {
    const body = await get(spec).catch(() => undefined)
    if (body !== undefined) return body
    await delay(10)
  }
  throw new Error(`no answer: ${(await linesOf(spec)).join('\n')}`)
}

async function get({ instanceDirectory }: InstanceSpec): Promise<string> {
  return await new Promise((resolve, reject) => {
    const socketPath = join(instanceDirectory, 'web.sock')
    request({ socketPath, path: '/', agent: false }, (response) => resolve(text(response)))
      .on('error', reject)
      .end()
  })
}

async function linesOf({ id }: InstanceSpec): Promise<string[]> {
  return (await Array.fromAsync(runtime.logs(id, {}))).map((line) => line.text)
}

const containerOf = ({ id }: InstanceSpec) => docker.getContainer(`hosting-${homeId}-${id}`)

async function procFile(spec: InstanceSpec, name: string): Promise<string> {
  return await readFile(`/proc/${(await containerOf(spec).inspect()).State.Pid}/${name}`, 'utf8')
}

describe('an instance', () => {
  it('waits for its release, and answers as soon as it has it', async () => {
    const spec = await newInstance()
    await runtime.start(spec)
    await expect(get(spec)).rejects.toThrow()
    await complete(spec)
    await runtime.assign(spec)
    expect(await answer(spec)).toMatch(/alive/)
    await runtime.remove(spec.id)
  })

  it('is confined: own uid, no capabilities, no new privileges, seccomp, only loopback, read-only root, limits', async () => {
    const spec = await live()
    const status = await procFile(spec, 'status')
    for (const line of [`Uid:\t${uid}\t${uid}`, `Gid:\t${uid}\t${uid}`, 'NoNewPrivs:\t1', 'Seccomp:\t2'])
      expect(status).toContain(line)
    for (const set of ['Inh', 'Prm', 'Eff', 'Bnd', 'Amb']) expect(status).toContain(`Cap${set}:\t0000000000000000`)
    const interfaces = (await procFile(spec, 'net/dev')).split('\n').filter((line) => line.includes(':'))
    expect(interfaces.map((line) => line.split(':')[0]?.trim())).toEqual(['lo'])
    const mounts = await procFile(spec, 'mounts')
    expect(mounts).toMatch(/^\S+ \/ \S+ ro,/m)
    expect(mounts).toMatch(/^\S+ \/site \S+ ro,/m)
    expect(mounts).toMatch(/^tmpfs \/tmp tmpfs rw,nosuid,nodev,noexec,/m)
    const { HostConfig } = await containerOf(spec).inspect()
    expect(HostConfig).toMatchObject({ Memory: 64 * 1024 ** 2, PidsLimit: 32, NanoCpus: 1e9 })
    await runtime.remove(spec.id)
  })

  it('is stopped, also while it waits, and woken as it was', async () => {
    const waiting = await newInstance()
    await runtime.start(waiting)
    const spec = await live()
    const startedAt = performance.now()
    await Promise.all([runtime.stop(spec.id, 20_000), runtime.stop(waiting.id, 20_000)])
    expect(performance.now() - startedAt).toBeLessThan(10_000)
    expect(await runtime.status(spec.id)).toBe('stopped')
    await runtime.stop(spec.id, 1000)
    await runtime.wake(spec)
    await runtime.wake(spec)
    expect(await answer(spec)).toMatch(/alive/)
    await Promise.all([runtime.remove(spec.id), runtime.remove(waiting.id)])
  })

  it('is woken after it was killed, over its stale socket, and also when its container is gone', async () => {
    const spec = await live()
    await containerOf(spec).kill()
    await runtime.wake(spec)
    expect(await answer(spec)).toMatch(/alive/)
    await containerOf(spec).remove({ force: true })
    await runtime.wake(spec)
    expect(await answer(spec)).toMatch(/alive/)
    await runtime.remove(spec.id)
  })

  it('that was killed while it waited serves its release all the same', async () => {
    const spec = await newInstance()
    await runtime.start(spec)
    await containerOf(spec).kill()
    await complete(spec)
    await runtime.assign(spec)
    expect(await answer(spec)).toMatch(/alive/)
    await runtime.remove(spec.id)
  })

  it('starts where a crash left a container of its name', async () => {
    const spec = await newInstance()
    await runtime.start(spec)
    await complete(spec)
    await runtime.start(spec)
    expect(await answer(spec)).toMatch(/alive/)
    await runtime.remove(spec.id)
  })

  it('is removed with all its calls repeated and at once', async () => {
    const spec = await live()
    await Promise.all([runtime.remove(spec.id), runtime.remove(spec.id)])
    await runtime.remove(spec.id)
    await runtime.stop(spec.id, 1000)
    expect(await runtime.status(spec.id)).toBe('missing')
    expect((await runtime.list()).map(({ id }) => id)).not.toContain(spec.id)
  })

  it('is removed while it is being started', async () => {
    for (const ms of [0, 2, 5, 10, 20, 40, 80, 160]) {
      const spec = await newInstance()
      const started = runtime.start(spec)
      await delay(ms)
      await runtime.remove(spec.id)
      await started
      expect(await runtime.status(spec.id)).toBe('missing')
    }
  })

  it('is seen by its own home alone', async () => {
    const spec = await live()
    const neighbour = createDockerRuntime({ homeId: `${homeId}x`, buildpacksDirectory, log: silentLog })
    expect(await runtime.list()).toContainEqual({ id: spec.id, site: 'example.org', status: 'running' })
    expect(await neighbour.list()).toEqual([])
    await neighbour.remove(spec.id)
    expect(await neighbour.status(spec.id)).toBe('missing')
    expect(await runtime.status(spec.id)).toBe('running')
    await neighbour.close()
    await runtime.remove(spec.id)
  })

  it('whose release directory is missing is an error, and no directory is made for it', async () => {
    const spec = await newInstance()
    await rm(spec.releaseDirectory, { recursive: true })
    await expect(runtime.start(spec)).rejects.toThrow(/bind source path does not exist/)
    await runtime.remove(spec.id)
  })
})

describe('logs', () => {
  it('are read from the end, and followed until the instance ends', async () => {
    const spec = await live()
    const whole = await Array.fromAsync(runtime.logs(spec.id, {}))
    expect(whole[0]).toMatchObject({ stream: 'stderr' })
    expect(whole.map((line) => line.text).join('\n')).toContain('start worker process')
    expect(Math.abs(Date.now() - (whole[0]?.time.getTime() ?? 0))).toBeLessThan(60_000)
    expect(await Array.fromAsync(runtime.logs(spec.id, { tail: 1 }))).toEqual(whole.slice(-1))
    const since = new Date((whole.at(-1)?.time.getTime() ?? 0) + 1)
    expect(await Array.fromAsync(runtime.logs(spec.id, { since }))).toEqual([])

    const followed = Array.fromAsync(runtime.logs(spec.id, { follow: true, tail: 0 }))
    await delay(200)
    await runtime.stop(spec.id, 5000)
    expect((await followed).map((line) => line.text).join('\n')).toContain('gracefully shutting down')
    await runtime.remove(spec.id)
  })

  it('end by a signal, and are empty for an instance that is missing', async () => {
    const spec = await live()
    const stop = new AbortController()
    const followed = Array.fromAsync(runtime.logs(spec.id, { follow: true, signal: stop.signal }))
    await delay(200)
    stop.abort()
    expect((await followed).length).toBeGreaterThan(0)
    await runtime.remove(spec.id)
    expect(await linesOf(spec)).toEqual([])
    expect(await Array.fromAsync(runtime.logs(spec.id, { follow: true }))).toEqual([])
  })
})

describe('events', () => {
  it('tell of the end of an instance with its exit code', async () => {
    const spec = await live()
    const stop = new AbortController()
    const first = runtime.events(stop.signal)[Symbol.asyncIterator]().next()
    await delay(300)
    await containerOf(spec).kill()
    expect((await first).value).toEqual({ type: 'exited', id: spec.id, exitCode: 137 })
    stop.abort()
    await runtime.remove(spec.id)
  })
})
