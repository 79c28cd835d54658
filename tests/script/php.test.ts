// A PHP site as its owner meets it: pushed, live, changed, broken, rolled back, and what its instance may reach.
import { createServer } from 'node:http'
import { networkInterfaces } from 'node:os'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Person } from '../helpers/person.ts'
import { type Platform, startPlatform } from '../helpers/platform.ts'
import { visitWhile } from '../helpers/visitors.ts'
import { WorkingCopy } from '../helpers/working-copy.ts'

let platform: Platform
let ann: Person
let demo: WorkingCopy

const page = (text: string) => ({ 'index.php': `<?php echo ${JSON.stringify(text)}, " ", $_SERVER['REQUEST_URI'];` })

beforeAll(async () => {
  platform = await startPlatform()
  ann = await platform.addPerson('ann')
  demo = await WorkingCopy.create(ann, 'demo', { ...page('first'), 'style.css': 'a{}', 'notes.sql.inc': 'secret' })
  // The first PHP site of a machine makes its image, which may take minutes.
  const pushed = await demo.pushOk()
  expect(pushed.stderr).toContain('php: PHP 8.4 (the newest), nginx with php-fpm (there is no .htaccess)')
}, 900_000)
afterAll(async () => await platform[Symbol.asyncDispose]())

const text = async (site: string, path = '/') => (await platform.get(site, path)).text

describe('a PHP site', () => {
  it('is live after its push: pages by PHP, assets by the edge, sources by nobody', async () => {
    expect(await text('demo', '/a/page?x=1')).toBe('first /a/page?x=1')
    const css = await platform.get('demo', '/style.css')
    expect(css.text).toBe('a{}')
    expect(css.headers['etag']).toMatch(/^"/)
    expect((await platform.get('demo', '/notes.sql.inc')).status).toBe(404)
  })

  it('changes without a failed request', async () => {
    const { complaints, count } = await visitWhile(
      {
        port: platform.httpPort,
        host: 'demo.localhost',
        paths: ['/', '/style.css'],
        complain: ({ status, text: body }) => (status === 200 ? undefined : `${status}: ${body}`),
      },
      async () => {
        await demo.commit(page('second'))
        await demo.pushOk()
      },
    )
    expect(complaints).toEqual([])
    expect(count).toBeGreaterThan(20)
    expect(await text('demo')).toBe('second /')
  })

  it('stays as it was when a change does not run', async () => {
    await demo.commit({ 'index.php': '<?php this is no PHP' })
    const pushed = await demo.push()
    expect(pushed.exitCode).not.toBe(0)
    expect(pushed.stderr).toContain('answered 500 to GET /')
    expect(pushed.stderr).toContain('Parse error')
    expect(await text('demo')).toBe('second /')
  })

  it('is proven by the page that its redirections lead to, asked as visitors ask', async () => {
    const redirecting = (then: string) =>
      `<?php if ($_SERVER['REQUEST_URI'] !== '/') ${then}; else header("Location: http://$_SERVER[HTTP_HOST]/start?$_SERVER[SERVER_PORT]");`
    await demo.commit({ 'index.php': redirecting('missing_function()') })
    const { port } = new URL(`http://localhost:${platform.httpPort}`)
    expect((await demo.push()).stderr).toContain(`answered 302 to GET /, then 500 to GET /start?${port}`)
    await demo.commit({ 'index.php': redirecting('echo "there"') })
    expect((await demo.pushOk()).stderr).toContain(`GET / answered 302, GET /start?${port} 200`)
    await demo.commit(page('second'))
    await demo.pushOk()
  })

  it('gets Apache with its first .htaccess, and goes back by a rollback', async () => {
    await demo.commit({ ...page('third'), '.htaccess': 'Redirect 302 /go https://example.org/\n' })
    expect((await demo.pushOk()).stderr).toContain('Apache with mod_php (.htaccess has rules for it)')
    expect((await platform.get('demo', '/go')).headers['location']).toBe('https://example.org/')
    expect((await ann.ssh('rollback demo')).exitCode).toBe(0)
    expect(await text('demo', '/go')).toBe('second /go')
  })

  it('says why a request failed in its log', async () => {
    await demo.git('rm', '-q', '.htaccess')
    await demo.commit({ ...page('fourth'), 'broken.php': '<?php missing_function();' })
    await demo.pushOk()
    expect((await platform.get('demo', '/broken.php')).status).toBe(500)
    expect((await ann.ssh('logs demo --source app')).stdout).toContain('Call to undefined function missing_function()')
  })

  it('was a static site before', async () => {
    const copy = await WorkingCopy.create(ann, 'grown', { 'index.html': 'static' })
    await copy.pushOk()
    expect(await text('grown')).toBe('static')
    await copy.git('rm', '-q', 'index.html')
    await copy.commit(page('grown'))
    await copy.pushOk()
    expect(await text('grown')).toBe('grown /')
  })
})

describe('an instance', () => {
  // The attack: a page that asks this machine's services, another site's instance, or a cloud's metadata.
  it('reaches the internet, and nothing of this machine', async () => {
    const server = createServer((_, response) => response.end('secret')).listen(0, '0.0.0.0')
    try {
      const address = server.address()
      const port = typeof address === 'object' ? String(address?.port) : ''
      const own = Object.values(networkInterfaces()).flatMap((list) => list ?? [])
      const hosts = own.filter(({ family, internal }) => family === 'IPv4' && !internal).map((entry) => entry.address)
      const closed = [...hosts.map((host) => `${host}:${port}`), '127.0.0.1:80', '169.254.169.254:80']
      const copy = await WorkingCopy.create(ann, 'prober', {
        'index.php': `<?php
          [$host, $port] = explode(':', $_GET['to'] ?? 'localhost:1');
          echo @fsockopen($host, (int) $port, $errno, $error, 3) ? 'reached' : 'refused';`,
      })
      await copy.pushOk()
      expect(hosts.length).toBeGreaterThan(0)
      for (const to of closed) expect(await text('prober', `/?to=${to}`), to).toBe('refused')
      expect(await text('prober', '/?to=deb.debian.org:80')).toBe('reached')
    } finally {
      server.close()
    }
  }, 60_000)

  // The attack: a page that talks to the instance of another site, on the network that both go out by.
  it('does not reach its neighbours', async () => {
    const listening = `<?php $server = stream_socket_server('tcp://0.0.0.0:8000');
      if (isset($_GET['wait'])) exit(@stream_socket_accept($server, 6) ? 'visited' : 'alone');
      echo gethostbyname(gethostname());`
    const neighbour = await WorkingCopy.create(ann, 'neighbour', { 'index.php': listening })
    const visitor = await WorkingCopy.create(ann, 'visitor', {
      'index.php': `<?php echo @fsockopen($_GET['to'] ?? '127.0.0.1', 8000, $errno, $error, 2) ? 'reached' : 'refused';`,
    })
    await neighbour.pushOk()
    await visitor.pushOk()
    const to = await text('neighbour')
    expect(to).toMatch(/^\d+\.\d+\.\d+\.\d+$/)
    const waited = text('neighbour', '/?wait')
    const begun = performance.now()
    while (performance.now() - begun < 3000) expect(await text('visitor', `/?to=${to}`)).toBe('refused')
    expect(await waited).toBe('alone')
  }, 60_000)
})
