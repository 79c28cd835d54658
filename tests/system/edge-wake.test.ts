// A request that finds no instance: it waits for one and is then carried out once, or gets a page that says why not.
import { createServer as createNetServer } from 'node:net'
import { createHash } from 'node:crypto'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import type { WakeOutcome } from '../../src/edge/types.ts'
import type { WakeServer } from '../../src/edge/wake.ts'
import { execOk } from '../../src/lib/exec.ts'
import { parseHostName } from '../../src/names/host-name.ts'
import { type EdgeFixture, listen, startEdge } from '../helpers/edge-fixture.ts'
import { ask } from '../helpers/edge-http.ts'

let fixture: EdgeFixture
let wake: WakeServer | undefined
let woken: string[] = []

beforeAll(async () => {
  fixture = await startEdge()
})
afterAll(async () => {
  await fixture[Symbol.asyncDispose]()
})
afterEach(async () => {
  await wake?.close()
  wake = undefined
  woken = []
})

async function onWake(outcome: (domain: string) => WakeOutcome | Promise<WakeOutcome>, timeoutMs?: number) {
  wake = await fixture.startWake(async (domain) => {
    woken.push(domain)
    return await outcome(domain)
  }, timeoutMs)
}

const request = (
  host: string,
  more: { method?: string; body?: Buffer; path?: string; headers?: Record<string, string> } = {},
) => ask({ port: fixture.port, host, path: '/form?a=1', ...more })

/** A handler that answers with what it got, and how often it was asked. */
function echo() {
  const seen = { count: 0 }
  const handler: Parameters<EdgeFixture['serve']>[1] = (incoming, response) => {
    seen.count += 1
    const hash = createHash('sha256')
    incoming.on('data', (chunk: Buffer) => hash.update(chunk))
    incoming.on('end', () => response.end(`${incoming.method ?? ''} ${incoming.url ?? ''} ${hash.digest('hex')}`))
  }
  return { seen, handler }
}

const body = Buffer.alloc(700_000, 'abcdefg')
const expected = `POST /form?a=1 ${createHash('sha256').update(body).digest('hex')}`

describe('a request to a site that is asleep', () => {
  it.each(['no socket', 'nobody listening', 'parked'])(
    'is carried out whole and once it is awake (%s)',
    async (how) => {
      const host = `${how.replaceAll(' ', '-')}.example.org`
      const { seen, handler } = echo()
      const id = await fixture.addInstance(host)
      if (how === 'nobody listening') await leaveDeadSocket(fixture.socketOf(id))
      if (how === 'parked') await fixture.edge.routes.park(parseHostName(host))
      else await fixture.edge.routes.point(parseHostName(host), id)
      await onWake(async () => {
        await fixture.serve(id, handler)
        await fixture.edge.routes.point(parseHostName(host), id)
        return { kind: 'resume' }
      })
      expect(await request(host, { method: 'POST', body })).toMatchObject({ status: 200, text: expected })
      expect(woken).toEqual([host])
      const chunked = { method: 'POST', body, headers: { 'transfer-encoding': 'chunked' } }
      expect(await request(host, chunked)).toMatchObject({ status: 200, text: expected })
      expect(seen.count).toBe(2)
      expect(woken).toHaveLength(1)
    },
  )

  it('waits together with others for one wake', async () => {
    const host = 'crowd.example.org'
    const { seen, handler } = echo()
    const id = await fixture.addInstance(host)
    await fixture.edge.routes.point(parseHostName(host), id)
    await onWake(async () => {
      await new Promise((resolve) => setTimeout(resolve, 300))
      await fixture.serve(id, handler)
      return { kind: 'resume' }
    })
    const answers = await Promise.all(Array.from({ length: 20 }, () => request(host, { method: 'POST', body })))
    expect(answers.map(({ status, text }) => [status, text])).toEqual(Array(20).fill([200, expected]))
    expect(seen.count).toBe(20)
    expect(woken).toEqual([host])
  })

  it('gets the page "starting" when that takes too long, and the site goes on starting', async () => {
    const host = 'slow.example.org'
    await fixture.edge.routes.park(parseHostName(host))
    await onWake(() => new Promise(() => undefined), 150)
    const answer = await request(host)
    expect(answer).toMatchObject({ status: 503, headers: { 'retry-after': '2', 'cache-control': 'no-store' } })
    expect(answer.text).toContain('This site is starting')
    expect((await request(host)).status).toBe(503)
    expect(woken).toEqual([host])
  })

  it.each([
    ['no-site', 404, 'There is no site here'],
    ['stopped', 503, 'This site has been stopped'],
    ['not-deployed', 503, 'Nothing has been published here yet'],
    ['failed', 503, 'This site could not be started'],
  ] as const)('gets a page that says %s', async (kind, status, text) => {
    const host = `${kind}.example.org`
    await fixture.edge.routes.park(parseHostName(host))
    await onWake(() => ({ kind }))
    const answer = await request(host, { method: 'POST', body })
    expect(answer).toMatchObject({ status, headers: { 'content-type': 'text/html; charset=utf-8' } })
    expect(answer.text).toContain(text)
    expect(answer.text).toContain(host)
  })

  it('gets that page at once, however lately an instance has answered', async () => {
    const host = 'answered.example.org'
    await fixture.addSite(parseHostName(host), echo().handler, {})
    await onWake(() => ({ kind: 'stopped' }))
    expect(await request(host, { method: 'POST', body })).toMatchObject({ status: 200, text: expected })
    await fixture.edge.routes.park(parseHostName(host), 'stopped')
    const answer = await request(host, { method: 'POST', body })
    expect(answer).toMatchObject({ status: 503, headers: { 'retry-after': '3600' } })
    expect(answer.text).toContain('This site has been stopped')
  })

  it('says "failed" when waking throws, and does not try again with every request', async () => {
    const host = 'throws.example.org'
    await fixture.edge.routes.park(parseHostName(host))
    await onWake(() => Promise.reject(new Error('no')))
    expect((await request(host)).text).toContain('could not be started')
    expect((await request(host)).text).toContain('could not be started')
    expect(woken).toHaveLength(1)
  })

  it('gets no answer from the instance that did not stay: 502, and no second wake', async () => {
    const host = 'gone-again.example.org'
    await fixture.edge.routes.point(parseHostName(host), await fixture.addInstance(host))
    await onWake(() => ({ kind: 'resume' }))
    expect((await request(host)).status).toBe(502)
    expect(woken).toEqual([host])
  })
})

describe('while the daemon is down', () => {
  it('a sleeping or parked site is "not available", an unknown one is still unknown, a live one answers', async () => {
    const [sleeping, parked, live] = ['sleeping.example.org', 'parked.example.org', 'live.example.org'].map(
      parseHostName,
    )
    await fixture.edge.routes.point(sleeping!, await fixture.addInstance('sleeping.example.org'))
    await fixture.edge.routes.park(parked!)
    await fixture.addSite(live!, echo().handler, { 'file.txt': 'file' })
    for (const host of [sleeping!, parked!]) {
      const answer = await request(host, { method: 'POST', body })
      expect(answer).toMatchObject({ status: 503, headers: { 'retry-after': '10' } })
      expect(answer.text).toContain('not available at the moment')
    }
    expect(await request('unknown.example.org')).toMatchObject({ status: 404 })
    expect(await request(live!, { method: 'POST', body })).toMatchObject({ status: 200, text: expected })
    expect(await request(live!, { path: '/file.txt' })).toMatchObject({ status: 200, text: 'file' })
  })
})

describe('a request that has reached an instance', () => {
  it.each(['reads and closes', 'closes at once', 'breaks off within the head'])(
    'is never sent again: 502, once (it %s)',
    async (how) => {
      const host = `${how.replaceAll(' ', '-')}.example.org`
      const id = await fixture.addInstance(host)
      let connections = 0
      const server = createNetServer((socket) => {
        connections += 1
        socket.on('error', () => undefined)
        if (how === 'closes at once') return void socket.destroy()
        socket.once('data', () => socket.end(how === 'reads and closes' ? '' : 'HTTP/1.1 200 O'))
      })
      await listen(server, fixture.socketOf(id))
      await fixture.edge.routes.point(parseHostName(host), id)
      await onWake(() => ({ kind: 'resume' }))
      // Small: what fits into the socket at once is the request that can have been carried out.
      const answer = await request(host, { method: 'POST', body: Buffer.from('a=1') })
      expect(answer.status).toBe(502)
      expect(answer.text).toContain('did not answer')
      expect(connections).toBe(1)
      expect(woken).toEqual([])
      server.close()
    },
  )

  it.each([502, 503, 504])('gets the %i that the site itself sends', async (status) => {
    const host = `own-${status}.example.org`
    await fixture.addSite(host, (_, response) => response.writeHead(status).end('my own page'))
    await onWake(() => ({ kind: 'resume' }))
    expect(await request(host)).toMatchObject({ status, text: 'my own page' })
    expect(woken).toEqual([])
  })
})

/** What an instance that was killed leaves: a socket file, and nobody who accepts. */
async function leaveDeadSocket(path: string): Promise<void> {
  const script = 'require("net").createServer().listen(process.argv[1],()=>process.kill(process.pid,"SIGKILL"))'
  await execOk(process.execPath, ['-e', script, path]).catch(() => undefined)
  await execOk('chmod', ['777', path])
}
