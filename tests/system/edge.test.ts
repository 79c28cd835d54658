// What visitors get: files of the release from the edge tree, everything else from the instance, and nothing lost at a switch.
import { Agent, request } from 'node:http'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { brotliCompressSync, brotliDecompressSync, gunzipSync, gzipSync } from 'node:zlib'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { parseAccessLogLine } from '../../src/edge/access-log.ts'
import { parseHostName } from '../../src/names/host-name.ts'
import { type EdgeFixture, startEdge } from '../helpers/edge-fixture.ts'
import { ask, sendRaw } from '../helpers/edge-http.ts'

const site = 'demo.example.org'
const style = `body { color: ${'#123456;'.repeat(400)} }`
let fixture: EdgeFixture
const get = (path: string, headers: Record<string, string> = {}) =>
  ask({ port: fixture.port, host: site, path, headers })

beforeAll(async () => {
  fixture = await startEdge()
  const files = {
    'index.html': '<p>home</p>',
    'about.html': '<p>about</p>',
    'docs/index.html': '<p>docs</p>',
    'a b/ü.txt': 'ümlaut',
    'style.css': style,
    'style.css.gz': gzipSync(style),
    'style.css.br': brotliCompressSync(style),
    'plain.css': style,
    'photo.png': 'png',
    'number.bin': Buffer.from('0123456789'),
  }
  await fixture.addSite(
    site,
    (request, response) => {
      response.setHeader('X-From', 'instance')
      if (request.url === '/text') response.setHeader('Content-Type', 'text/html').end('<p>latin?</p>'.repeat(200))
      else response.end(`${request.method ?? ''} ${request.url ?? ''} ${request.headers.host ?? ''}`)
    },
    files,
  )
})
afterAll(async () => {
  await fixture[Symbol.asyncDispose]()
})

describe('the edge tree', () => {
  it.each([
    ['/', '<p>home</p>'],
    ['/index.html', '<p>home</p>'],
    ['/about', '<p>about</p>'],
    ['/about.html', '<p>about</p>'],
    ['/about?x=/../y', '<p>about</p>'],
    ['/docs/', '<p>docs</p>'],
    ['//docs//', '<p>docs</p>'],
    ['/a%20b/%C3%BC.txt', 'ümlaut'],
    ['/style.css', style],
  ])('answers %s itself', async (path, text) => {
    const answer = await get(path)
    expect(answer).toMatchObject({ status: 200, text })
    expect(answer.headers['x-from']).toBeUndefined()
    expect(answer.headers['content-type']).toMatch(/; charset=utf-8$/)
  })

  it.each(['/docs', '/missing', '/about/', '/style.css/x', `/${'x'.repeat(300)}`, '/a%2Fb'])(
    'leaves %s to the instance, as it was asked for',
    async (path) => {
      expect(await get(path)).toMatchObject({ status: 200, text: `GET ${path} ${site}` })
    },
  )

  it('leaves every other method to the instance', async () => {
    for (const method of ['POST', 'PUT', 'DELETE', 'OPTIONS', 'PROPFIND'])
      for (const path of ['/', '/about', '/style.css', '/photo.png'])
        expect((await ask({ port: fixture.port, host: site, path, method })).text).toBe(`${method} ${path} ${site}`)
  })

  it('answers HEAD, ranges and conditions', async () => {
    const head = await ask({ port: fixture.port, host: site, path: '/number.bin', method: 'HEAD' })
    expect(head).toMatchObject({ status: 200, text: '', headers: { 'content-length': '10', 'accept-ranges': 'bytes' } })
    expect(await get('/number.bin', { range: 'bytes=2-4' })).toMatchObject({ status: 206, text: '234' })
    expect(await get('/number.bin', { range: 'bytes=20-' })).toMatchObject({ status: 416 })
    const etag = head.headers.etag ?? 'missing'
    expect(await get('/number.bin', { 'if-none-match': etag })).toMatchObject({ status: 304, text: '' })
    expect((await get('/number.bin', { 'if-modified-since': head.headers['last-modified'] ?? '' })).status).toBe(304)
    expect(await get('/number.bin', { range: 'bytes=2-4', 'if-range': '"other"' })).toMatchObject({ status: 200 })
  })

  it('sends what has no variants without looking for them, and says nothing of varying', async () => {
    const answer = await get('/photo.png', { 'accept-encoding': 'br, gzip' })
    expect(answer).toMatchObject({ status: 200, text: 'png', headers: { 'content-type': 'image/png' } })
    expect(answer.headers.vary).toBeUndefined()
  })

  it('speaks IPv6 and HTTP/1.0', async () => {
    expect(await ask({ port: fixture.port, host: site, address: '::1' })).toMatchObject({ status: 200 })
    const answer = await sendRaw(fixture.port, `GET /about HTTP/1.0\r\nHost: ${site}\r\n\r\n`)
    expect(answer).toMatch(/^HTTP\/1\.1 200 OK[^]*Connection: close[^]*<p>about<\/p>$/)
  })
})

describe('compression', () => {
  it.each([
    ['br', brotliDecompressSync],
    ['gzip', gunzipSync],
  ])('sends the %s file that the build made', async (encoding, decode) => {
    const answer = await get('/style.css', { 'accept-encoding': encoding })
    expect(answer.headers).toMatchObject({ 'content-encoding': encoding, vary: 'Accept-Encoding' })
    expect(answer.headers['content-length']).toBe(String(answer.bytes.length))
    expect(decode(answer.bytes).toString()).toBe(style)
  })

  it('prefers brotli, sends the file itself to who wants neither, and says that it varies', async () => {
    expect((await get('/style.css', { 'accept-encoding': 'gzip, deflate, br' })).headers['content-encoding']).toBe('br')
    const plain = await get('/style.css')
    expect(plain).toMatchObject({ text: style, headers: { vary: 'Accept-Encoding' } })
    expect(plain.headers['content-encoding']).toBeUndefined()
    expect((await get('/style.css', { 'accept-encoding': 'gzip' })).headers.etag).not.toBe(plain.headers.etag)
  })

  it.each(['/plain.css', '/text'])('compresses %s on the way', async (path) => {
    for (const encoding of ['br', 'gzip']) {
      const answer = await get(path, { 'accept-encoding': encoding })
      expect(answer.headers).toMatchObject({ 'content-encoding': encoding, vary: 'Accept-Encoding' })
    }
  })

  it("leaves the charset of an instance's page to the instance", async () => {
    expect((await get('/text')).headers['content-type']).toBe('text/html')
  })
})

describe('host names', () => {
  it.each(['DEMO.Example.ORG', `${site}.`, `${site}:8080`, `Demo.example.org.:8080`])('takes %s', async (host) => {
    expect(await ask({ port: fixture.port, host })).toMatchObject({ status: 200, text: '<p>home</p>' })
  })

  it('tells the instance the name and port that the client used', async () => {
    const answer = await ask({ port: fixture.port, host: 'DEMO.example.org.:8080', path: '/missing' })
    expect(answer.text).toBe('GET /missing demo.example.org:8080')
  })

  it.each(['nobody.example.org', 'localhost', '127.0.0.1', '[::1]', '..', '-', 'parked', 'x'.repeat(90) + '.org'])(
    'answers 404 for %s, and writes nothing to any log',
    async (host) => {
      const answer = await ask({ port: fixture.port, host })
      expect([400, 404]).toContain(answer.status)
      if (host.includes('.example.')) expect(answer.text).toContain(`<p class="host">${host}</p>`)
      expect(await readFile(join(fixture.config.home.run, 'edge/error.log'), 'utf8')).toBe('')
    },
  )
})

describe('the access log', () => {
  it('has a line for each request, whoever answered it', async () => {
    const path = '/logged?"quoted"\u00e9'
    await get(encodeURI(path), { referer: 'http://r.example/\\', 'user-agent': 'a "b"' })
    await get('/about?logged')
    const lines = (await readFile(join(fixture.config.home.logs, site, 'access.log'), 'utf8')).trimEnd().split('\n')
    const [dynamic, file] = lines.slice(-2).map(parseAccessLogLine)
    expect(dynamic).toMatchObject({
      address: '127.0.0.1',
      method: 'GET',
      host: site,
      uri: encodeURI(path),
      status: 200,
      referrer: 'http://r.example/\\',
      userAgent: 'a "b"',
    })
    expect(Math.abs((dynamic?.time.getTime() ?? 0) - Date.now())).toBeLessThan(2000)
    expect(file).toMatchObject({ uri: '/about?logged', status: 200, bytes: 12 })
  })
})

describe('a WebSocket', () => {
  it('is passed through, both ways', async () => {
    const host = 'socket.example.org'
    const id = await fixture.addInstance(host)
    const server = await fixture.serve(id, (_, response) => response.end())
    server.on('upgrade', (request, socket) => {
      socket.write(
        `HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: ${request.headers.upgrade}\r\n\r\n`,
      )
      socket.once('data', (data: Buffer) => socket.end(`got ${data.toString()}`))
    })
    await fixture.edge.routes.point(parseHostName(host), id)
    const head = `GET /chat HTTP/1.1\r\nHost: ${host}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n`
    const answer = await sendRaw(fixture.port, `${head}hello`)
    expect(answer).toMatch(/^HTTP\/1\.1 101 [^]*\r\n\r\ngot hello$/)
  })
})

describe('an event stream', () => {
  it('comes event by event', async () => {
    const host = 'events.example.org'
    let sent = 0
    await fixture.addSite(host, (_, response) => {
      response.setHeader('Content-Type', 'text/event-stream')
      const timer = setInterval(() => {
        response.write(`data: ${(sent += 1)}\n\n`)
        if (sent < 4) return
        clearInterval(timer)
        response.end()
      }, 50)
    })
    const sentBefore: number[] = []
    await new Promise((resolve, reject) => {
      const outgoing = request({ host: '127.0.0.1', port: fixture.port, headers: { host } }, (response) => {
        response.on('data', () => sentBefore.push(sent)).on('end', resolve)
      })
      outgoing.on('error', reject).end()
    })
    expect(sentBefore).toEqual([1, 2, 3, 4])
  })
})

describe('a switch', () => {
  it('lets a download that has begun finish on the old instance', async () => {
    const host = 'download.example.org'
    const part = Buffer.alloc(512 * 1024, 'x')
    let parts = 0
    await fixture.addSite(host, (_, response) => {
      const timer = setInterval(() => {
        response.write(part)
        if ((parts += 1) === 10) clearInterval(timer)
        if (parts === 10) response.end()
      }, 20)
    })
    const download = ask({ port: fixture.port, host })
    await new Promise((resolve) => setTimeout(resolve, 60))
    await fixture.addSite(host, (_, response) => response.end('new'))
    expect((await ask({ port: fixture.port, host })).text).toBe('new')
    expect(parts).toBeLessThan(10)
    expect((await download).bytes.length).toBe(10 * part.length)
  })

  it('loses no request under load, and counts at once', async () => {
    const moving = 'moving.example.org'
    const add = (name: string) =>
      fixture.addInstance(moving, { 'file.txt': name }).then(async (id) => {
        await fixture.serve(id, (_, response) => setTimeout(() => response.end(name), 2))
        return id
      })
    const ids = [await add('one'), await add('two')]
    const agent = new Agent({ keepAlive: true, maxSockets: 8 })
    let switching = true
    const wrong: string[] = []
    const client = async (path: string) => {
      let count = 0
      for (; switching; count += 1) {
        const { status, text } = await ask({ port: fixture.port, host: moving, path, agent })
        if (status !== 200 || (text !== 'one' && text !== 'two')) wrong.push(`${status} ${text}`)
      }
      return count
    }
    await fixture.edge.routes.point(parseHostName(moving), ids[0]!)
    const clients = ['/file.txt', '/file.txt', '/dynamic', '/dynamic', '/dynamic'].map(client)
    for (let round = 1; round <= 40; round += 1) {
      await fixture.edge.routes.point(parseHostName(moving), ids[round % 2]!)
      const expected = round % 2 === 0 ? 'one' : 'two'
      for (const path of ['/file.txt', '/dynamic'])
        expect((await ask({ port: fixture.port, host: moving, path, agent })).text).toBe(expected)
    }
    switching = false
    const counts = await Promise.all(clients)
    agent.destroy()
    expect(wrong).toEqual([])
    expect(Math.min(...counts)).toBeGreaterThan(10)
  })
})
