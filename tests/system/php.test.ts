// PHP sites on the real Docker: both servers, what they run and what they refuse to hand out.
import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type PhpHost, phpHost, type PhpSite } from '../helpers/php-site.ts'

const facts = `<?php header('Content-Type: application/json'); echo json_encode([
  'uri' => $_SERVER['REQUEST_URI'], 'script' => $_SERVER['SCRIPT_NAME'], 'info' => $_SERVER['PATH_INFO'] ?? '', 'query' => $_GET,
  'address' => $_SERVER['REMOTE_ADDR'], 'https' => $_SERVER['HTTPS'] ?? '', 'port' => $_SERVER['SERVER_PORT'], 'host' => $_SERVER['HTTP_HOST'],
  'user' => $_SERVER['PHP_AUTH_USER'] ?? '', 'root' => $_SERVER['DOCUMENT_ROOT'], 'version' => PHP_VERSION, 'sapi' => PHP_SAPI,
  'memory' => ini_get('memory_limit'), 'name' => getenv('NAME'), 'body' => strlen(file_get_contents('php://input')),
  'sent' => array_map(fn ($file) => [$file['size'], $file['error']], $_FILES),
]);`
const version = { '.php-version': '8.2\n' }

let host: PhpHost
beforeAll(async () => {
  host = await phpHost()
  await host.runtime.ensureImage('php-8.2', () => undefined)
}, 900_000)
afterAll(async () => {
  await host[Symbol.asyncDispose]()
})

async function json(site: PhpSite, path: string, question?: Parameters<PhpSite['get']>[1]) {
  const { status, text } = await site.get(path, question)
  expect(status, text).toBe(200)
  return JSON.parse(text) as Record<string, unknown>
}

/** What is true of both servers. */
const secrets = {
  '.env': 'DB_PASSWORD=x',
  'config.php.bak': 'secret',
  'config.php~': 'secret',
  'db.inc': 'secret',
  'composer.json': '{}',
  'hosting.toml': '[php]\nini = { memory_limit = "200M" }\n',
  'vendor/lib/a.php': '<?php echo "ran";',
  'vendor/lib/README.md': 'secret',
}
const pages = {
  ...version,
  ...secrets,
  'index.php': facts,
  'sub/index.php': facts,
  'sub/.user.ini': 'memory_limit = 96M\n',
  'page.html': 'static',
  'style.css': 'a{}',
  'vendor/lib/a.css': 'b{}',
  'broken.php': '<?php error_log("told the log"); throw new Exception("on purpose");',
  'who.php':
    '<?php var_dump(@posix_getpwuid(posix_getuid())); echo exec("git --version"), is_writable(__DIR__) ? "writable" : "fixed", file_put_contents("/tmp/x", "y");',
  'session.php': '<?php session_start(); $_SESSION["n"] = ($_SESSION["n"] ?? 0) + 1; echo $_SESSION["n"];',
  'extensions.php': '<?php echo implode(",", array_map("strtolower", get_loaded_extensions()));',
}

const servers = {
  fpm: pages,
  apache: { ...pages, '.htaccess': 'RewriteEngine On\nRewriteRule ^nowhere-else$ /page.html\n' },
} as const

describe.each(['fpm', 'apache'] as const)('%s', (name) => {
  let site: PhpSite
  beforeAll(async () => {
    site = await host.serve(servers[name], { env: { NAME: 'a value' } })
  }, 60_000)

  it('was chosen, and the pusher is told why', () => {
    expect(site.built).toMatchObject({ buildpack: 'php', image: 'php-8.2', source: 'commit' })
    expect(site.built.notes.join()).toMatch(
      name === 'fpm' ? /nginx with php-fpm \(there is no \.htaccess\)/ : /Apache with mod_php \(\.htaccess has rules/,
    )
  })

  it('runs PHP of the version that was asked for, with its settings', async () => {
    const seen = await json(site, '/?a=1')
    expect(seen).toMatchObject({ uri: '/?a=1', query: { a: '1' }, root: '/site/tree', memory: '200M', name: 'a value' })
    expect(seen['version']).toMatch(/^8\.2\./)
    expect(seen['sapi']).toBe(name === 'fpm' ? 'fpm-fcgi' : 'apache2handler')
  })

  it('has the extensions that applications ask for', async () => {
    const { text } = await site.get('/extensions.php')
    const wanted =
      'mysqli pdo_mysql pdo_sqlite gd intl mbstring xml zip curl bcmath exif soap imagick apcu redis'.split(' ')
    expect(text.split(',')).toEqual(expect.arrayContaining([...wanted, 'zend opcache']))
  })

  it('knows the visitor by what the edge says', async () => {
    const headers = {
      'x-real-ip': '192.0.2.7',
      'x-forwarded-proto': 'https',
      'x-forwarded-port': '443',
      authorization: `Basic ${btoa('me:pw')}`,
    }
    expect(await json(site, '/', { headers })).toMatchObject({
      address: '192.0.2.7',
      https: 'on',
      port: '443',
      host: 'demo.localhost',
      user: 'me',
    })
    expect(await json(site, '/', { headers: { 'x-real-ip': '2001:db8::1' } })).toMatchObject({
      address: '2001:db8::1',
      https: '',
    })
  })

  it('gives a script the rest of the path', async () => {
    expect(await json(site, '/index.php/some/where?q=2')).toMatchObject({
      script: '/index.php',
      info: '/some/where',
      query: { q: '2' },
    })
  })

  it('honours .user.ini', async () => {
    expect(await json(site, '/sub/')).toMatchObject({ memory: '96M', script: '/sub/index.php' })
  })

  it.each(Object.keys(secrets))('does not hand out %s', async (path) => {
    expect((await site.get(`/${path}`)).status).toBe(404)
  })

  it('serves what is no program, and leaves assets to the edge where no rule is above them', async () => {
    expect((await site.get('/page.html')).text).toBe('static')
    expect((await site.get('/vendor/lib/a.css')).text).toBe('b{}')
    const published = (await readdir(join(site.directory, 'edge'), { recursive: true })).sort()
    expect(published).toEqual(name === 'fpm' ? ['style.css', 'vendor', 'vendor/lib', 'vendor/lib/a.css'] : [])
  })

  it('answers 500 for an error, which is in the log', async () => {
    const { status, text } = await site.get('/broken.php')
    expect(status).toBe(500)
    expect(text).not.toContain('on purpose')
    const log = await site.log()
    expect(log).toContain('Uncaught Exception: on purpose')
    expect(log).toContain('told the log')
  })

  it('writes to /tmp and nowhere else, as a user that no file knows', async () => {
    const { text } = await site.get('/who.php')
    expect(text).toMatch(/bool\(false\)\s+git version .*fixed1$/s)
  })

  it('takes an upload of 20 MB', async () => {
    const boundary = 'x7f3'
    const head = `--${boundary}\r\nContent-Disposition: form-data; name="file"; filename="a.bin"\r\n\r\n`
    const body = Buffer.concat([Buffer.from(head), Buffer.alloc(20e6, 'a'), Buffer.from(`\r\n--${boundary}--\r\n`)])
    const headers = { 'content-type': `multipart/form-data; boundary=${boundary}` }
    expect(await json(site, '/', { method: 'POST', headers, body })).toMatchObject({ sent: { file: [20e6, 0] } })
  })

  it('keeps sessions', async () => {
    const first = await site.get('/session.php')
    const cookie = first.headers['set-cookie']?.[0]?.split(';')[0] ?? ''
    expect((await site.get('/session.php', { headers: { cookie } })).text).toBe('2')
  })

  it('lets requests finish when it is stopped', async () => {
    const slow = await host.serve({ ...servers[name], 'slow.php': '<?php echo "begun"; sleep(2); echo " ended";' })
    const answer = slow.get('/slow.php')
    await new Promise((resolve) => setTimeout(resolve, 500))
    await slow.stop()
    expect((await answer).text).toBe('begun ended')
    expect(await host.runtime.status(slow.id)).toBe('stopped')
  })
})
