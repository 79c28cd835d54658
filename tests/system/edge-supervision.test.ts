// nginx outlives the daemon and the daemon nginx: killed, adopted, reloaded, refused, rotated.
import { appendFile, readdir, readFile, stat, truncate } from 'node:fs/promises'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { edgePaths } from '../../src/edge/edge-paths.ts'
import { findMaster } from '../../src/edge/nginx-process.ts'
import { type EdgeFixture, startEdge } from '../helpers/edge-fixture.ts'
import { ask } from '../helpers/edge-http.ts'
import { until } from '../helpers/until.ts'

const site = 'demo.example.org'
let fixture: EdgeFixture
const get = (path = '/file.txt') => ask({ port: fixture.port, host: site, path })
const masterOf = ({ config }: EdgeFixture) => findMaster(edgePaths(config.home))

beforeAll(async () => {
  fixture = await startEdge()
  // An answer before the body has been read breaks the connection, and may overtake itself: 502.
  const handler: Parameters<EdgeFixture['addSite']>[1] = (request, response) => {
    request.resume().once('end', () => response.end('instance'))
  }
  await fixture.addSite(site, handler, { 'file.txt': 'file' })
})
afterAll(async () => {
  await fixture[Symbol.asyncDispose]()
})

describe('nginx', () => {
  it('is started again within moments when its master is killed, and no worker of the old one stays', async () => {
    const killed = (await masterOf(fixture))!
    const workers = await childrenOf(killed)
    expect(workers.length).toBeGreaterThan(0)
    process.kill(killed, 'SIGKILL')
    const started = await until('a new master', async () => {
      const found = await masterOf(fixture)
      return found !== killed && found
    })
    await until('an answer', async () => (await get().catch(() => undefined))?.status === 200, 3000)
    await until('the end of the old workers', async () => (await alive(workers)).length === 0, 3000)
    expect(await alive([started])).toEqual([started])
  })

  it('is started again when all of it is killed at once', async () => {
    const killed = (await masterOf(fixture))!
    process.kill(-killed, 'SIGKILL')
    await until('an answer', async () => (await get().catch(() => undefined))?.text === 'file', 5000)
    expect(await masterOf(fixture)).not.toBe(killed)
  })

  it('is left alone by a daemon that is started again with the same configuration', async () => {
    const master = (await masterOf(fixture))!
    const workers = await childrenOf(master)
    const { config } = edgePaths(fixture.config.home)
    const before = await stat(config)
    await fixture.another().start()
    expect(await masterOf(fixture)).toBe(master)
    expect(await childrenOf(master)).toEqual(workers)
    // systemd reloads an installed edge whenever this file changes
    expect(await stat(config)).toMatchObject({ ino: before.ino, ctimeMs: before.ctimeMs })
  })

  it('is reloaded, and not ended, by the daemon of an installed system', async () => {
    const master = (await masterOf(fixture))!
    const workers = await childrenOf(master)
    const installed = fixture.another({ standalone: 'false', 'max-upload-mb': '2' })
    await installed.start()
    expect(await childrenOf(master)).not.toEqual(workers)
    await installed.stop()
    expect(await masterOf(fixture)).toBe(master)
    expect((await get()).text).toBe('file')
  })

  it('is reloaded, not restarted, when the configuration has changed', async () => {
    const master = (await masterOf(fixture))!
    const upload = () =>
      ask({ port: fixture.port, host: site, path: '/up', method: 'POST', body: Buffer.alloc(2 * 1024 * 1024) })
    expect((await upload()).status).toBe(200)
    await fixture.another({ 'max-upload-mb': '1' }).start()
    expect(await masterOf(fixture)).toBe(master)
    expect((await upload()).status).toBe(413)
  })

  it('keeps the configuration it has when it refuses a new one, and says why', async () => {
    const path = edgePaths(fixture.config.home).config
    const before = await readFile(path, 'utf8')
    const refused = fixture.another({ 'max-upload-mb': '99999999999999' }).start()
    await expect(refused).rejects.toMatchObject({
      code: 'invalid-config',
      details: [expect.stringMatching(/client_max_body_size/), expect.anything()],
    })
    expect(await readFile(path, 'utf8')).toBe(before)
    expect(await get()).toMatchObject({ status: 200, text: 'file' })
    expect((await readdir(join(fixture.config.home.run))).filter((name) => /sock|pid|tmp|\.d$/.test(name))).toEqual([])
  })

  it('does not start on a port that something else uses: an error that names it', async () => {
    const other = createServer()
    await new Promise<void>((resolve) => other.listen(0, '127.0.0.1', () => resolve()))
    const address = other.address()
    const port = typeof address === 'object' ? String(address?.port) : ''
    await expect(startEdge({ 'http-port': port })).rejects.toMatchObject({
      code: 'unavailable',
      message: `nginx does not serve on port ${port}`,
    })
    other.close()
  })
})

describe('logs', () => {
  it('are rotated when they are large, and nginx goes on in a new one', async () => {
    const log = join(fixture.config.home.logs, site, 'access.log')
    const errorLog = join(fixture.config.home.run, 'edge/error.log')
    await get()
    await truncate(log, 11 * 1024 * 1024)
    await appendFile(errorLog, Buffer.alloc(11 * 1024 * 1024))
    await fixture.edge.rotateLogs()
    expect((await stat(`${log}.1`)).size).toBeGreaterThan(10 * 1024 * 1024)
    await until('a new access log', async () => {
      await get('/after')
      return (await readFile(log, 'utf8').catch(() => '')).includes('/after')
    })
    await until('a new error log', async () => (await stat(errorLog).catch(() => undefined))?.size === 0)
    await fixture.edge.rotateLogs()
    expect((await readdir(join(fixture.config.home.logs, site))).sort()).toEqual(['access.log', 'access.log.1'])
  })
})

describe('access', () => {
  it('lets workers through and nobody list, and keeps the logs of sites from others', async () => {
    const { home } = fixture.config
    const modes = Object.fromEntries(
      await Promise.all(
        (['root', 'routes', 'instances', 'releases', 'logs', 'run'] as const).map(async (name) => [
          name,
          ((await stat(home[name])).mode & 0o7777).toString(8),
        ]),
      ),
    ) as Record<string, string>
    expect(modes).toEqual({ root: '711', routes: '710', instances: '710', releases: '710', logs: '2710', run: '2710' })
    expect(((await stat(join(home.logs, site))).mode & 0o7777).toString(8)).toBe('3770')
  })
})

describe('the end', () => {
  it('leaves no process, no link, and lets requests in flight finish', async () => {
    const ending = await startEdge()
    const master = (await masterOf(ending))!
    const workers = await childrenOf(master)
    const arrived = Promise.withResolvers<undefined>()
    await ending.addSite(site, (_, response) => {
      arrived.resolve(undefined)
      setTimeout(() => response.end('finished'), 300)
    })
    const inFlight = ask({ port: ending.port, host: site })
    await arrived.promise
    await ending.edge.stop()
    expect((await inFlight).text).toBe('finished')
    await until('all of them to be gone', async () => (await alive([master, ...workers])).length === 0)
    await expect(stat(ending.config.home.link)).rejects.toMatchObject({ code: 'ENOENT' })
    await ending[Symbol.asyncDispose]()
  })
})

async function childrenOf(pid: number): Promise<number[]> {
  const text = await readFile(`/proc/${pid}/task/${pid}/children`, 'utf8')
  return text.trim().split(' ').filter(Boolean).map(Number)
}

/** Of these processes, those that run: one that has ended and waits to be reaped does not. */
async function alive(pids: readonly number[]): Promise<number[]> {
  const states = await Promise.all(pids.map((pid) => readFile(`/proc/${pid}/stat`, 'utf8').catch(() => ') X')))
  return pids.filter((_, index) => !/\) [XZ]/.test(states[index]!))
}
