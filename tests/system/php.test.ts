// PHP sites on the real Docker: both servers, what they run and what they refuse to hand out.
import { mkdir, readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { inspect } from 'node:util'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { loadOffered } from '../../src/buildpacks/php/offered.ts'
import { solveConstraint } from '../../src/buildpacks/php/solve-constraint.ts'
import { type PhpHost, phpHost, type PhpSite } from '../helpers/php-site.ts'
import { until } from '../helpers/until.ts'

const facts = `<?php header('Content-Type: application/json'); echo json_encode([
  'uri' => $_SERVER['REQUEST_URI'], 'script' => $_SERVER['SCRIPT_NAME'], 'info' => $_SERVER['PATH_INFO'] ?? '', 'query' => $_GET,
  'address' => $_SERVER['REMOTE_ADDR'], 'https' => $_SERVER['HTTPS'] ?? '', 'port' => $_SERVER['SERVER_PORT'], 'host' => $_SERVER['HTTP_HOST'],
  'user' => $_SERVER['PHP_AUTH_USER'] ?? '', 'root' => $_SERVER['DOCUMENT_ROOT'], 'version' => PHP_VERSION, 'sapi' => PHP_SAPI,
  'memory' => ini_get('memory_limit'), 'name' => [getenv('NAME'), $_ENV['NAME'] ?? null], 'body' => strlen(file_get_contents('php://input')),
  'sent' => array_map(fn ($file) => [$file['size'], $file['error']], $_FILES),
]);`

let host: PhpHost
beforeAll(async () => {
  host = await phpHost()
  await host.runtime.ensureImage('php-8.4', () => undefined)
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
    expect(site.built).toMatchObject({ buildpack: 'php', image: 'php-8.4', source: 'commit' })
    expect(site.built.notes.join()).toMatch(
      name === 'fpm' ? /nginx with php-fpm \(there is no \.htaccess\)/ : /Apache with mod_php \(\.htaccess has rules/,
    )
  })

  it('runs PHP of the version that was asked for, with its settings', async () => {
    const seen = await json(site, '/?a=1')
    expect(seen).toMatchObject({
      uri: '/?a=1',
      query: { a: '1' },
      root: '/site/tree',
      memory: '200M',
      name: ['a value', 'a value'],
    })
    expect(seen['version']).toMatch(/^8\.4\./)
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
    await until('both lines to be in the log', async () => {
      const log = await site.log()
      return log.includes('Uncaught Exception: on purpose') && log.includes('told the log')
    })
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

describe('a .htaccess', () => {
  let site: PhpSite
  beforeAll(async () => {
    site = await host.serve({
      '.htaccess': [
        'RewriteEngine On',
        'RewriteCond %{HTTPS} on',
        'RewriteRule ^secure$ /index.php?secure=1 [L]',
        'RewriteRule ^article/([0-9]+)$ /index.php?id=$1 [L,QSA]',
        'Redirect 301 /old /new',
        'Header set X-From htaccess',
        'ErrorDocument 404 /lost.php',
        'ExpiresActive On',
        'ExpiresByType text/css "access plus 1 day"',
        'AddType text/x-special .special',
        'php_value upload_max_filesize 5M',
        '<FilesMatch "\\.log$">',
        'Require all denied',
        '</FilesMatch>',
      ].join('\n'),
      'index.php': facts,
      'lost.php': '<?php echo "lost: ", $_SERVER["REDIRECT_URL"];',
      'style.css': 'a{}',
      'a.special': 'x',
      'app.log': 'x',
      'private/.htaccess':
        'AuthType Basic\nAuthName "Members"\nAuthUserFile /site/tree/private/.htpasswd\nRequire valid-user\n',
      'private/.htpasswd': 'me:$apr1$salt1234$RESfz3kqG0ZbRk4qG0mqD0\n',
      'private/index.html': 'members only',
      'relative/.htaccess': 'AuthType Basic\nAuthName "Members"\nAuthUserFile private/.htpasswd\nRequire valid-user\n',
      'relative/index.html': 'members, too',
      'elsewhere/.htaccess':
        'AuthType Basic\nAuthName x\nAuthUserFile /var/www/private/.htpasswd\nRequire valid-user\n',
      '1999.php': '<? echo "still running"; ?>',
      'bad/.htaccess': 'NoSuchDirective yes\n',
      'bad/page.html': 'x',
      'somebody/.htaccess': 'Order deny,allow\nDeny from all\nAllow from 192.0.2.7\n',
      'somebody/page.html': 'for one address',
      'ssi/index.shtml': '<!--#echo var="DOCUMENT_URI" -->',
    })
  }, 60_000)

  it('rewrites, and knows https by what the edge says', async () => {
    expect(await json(site, '/article/7?x=y')).toMatchObject({ query: { id: '7', x: 'y' }, uri: '/article/7?x=y' })
    expect(await json(site, '/secure', { headers: { 'x-forwarded-proto': 'https' } })).toMatchObject({
      query: { secure: '1' },
    })
    expect((await site.get('/secure')).status).toBe(404)
  })

  it('redirects to the name and scheme that the visitor used', async () => {
    const headers = { 'x-forwarded-proto': 'https', 'x-forwarded-port': '443' }
    expect((await site.get('/old/x', { headers })).headers.location).toBe('https://demo.localhost/new/x')
    expect((await site.get('/ssi', { headers })).headers.location).toBe('https://demo.localhost/ssi/')
  })

  it('sets headers, types, error pages and PHP values', async () => {
    const css = await site.get('/style.css')
    expect(css.headers).toMatchObject({ 'x-from': 'htaccess', 'cache-control': 'max-age=86400' })
    expect((await site.get('/a.special')).headers['content-type']).toContain('text/x-special')
    expect(await site.get('/no/such/thing')).toMatchObject({ status: 404, text: 'lost: /no/such/thing' })
    expect((await site.get('/ssi/index.shtml')).text).toBe('/ssi/index.shtml')
  })

  it('denies and asks for passwords', async () => {
    expect((await site.get('/app.log')).status).toBe(403)
    expect((await site.get('/private/')).status).toBe(401)
    expect((await site.get('/private/.htpasswd')).status).toBe(404)
    const authorization = `Basic ${btoa('me:pw')}`
    expect((await site.get('/private/', { headers: { authorization } })).text).toBe('members only')
    expect((await site.get('/relative/', { headers: { authorization } })).text).toBe('members, too')
    expect(site.told.join()).toContain('write AuthUserFile "/site/tree/private/.htpasswd"')
    expect((await site.get('/somebody/page.html')).status).toBe(403)
    expect((await site.get('/somebody/page.html', { headers: { 'x-real-ip': '192.0.2.7' } })).status).toBe(200)
  })

  it('is beside pages whose PHP begins with <?', async () => {
    expect((await site.get('/1999.php')).text).toBe('still running')
    expect(site.told.join()).toContain('1999.php begins PHP with "<?"')
  })

  it('with a mistake in it is a 500 below it, nowhere else, and the log says why', async () => {
    expect((await site.get('/bad/page.html')).status).toBe(500)
    expect((await site.get('/')).status).toBe(200)
    expect(await site.log()).toMatch(/bad\/\.htaccess: Invalid command 'NoSuchDirective'/)
  })
})

describe('a .htaccess that nginx can follow', () => {
  it('keeps php-fpm, and what it denies is denied', async () => {
    const deny = '<IfModule mod_authz_core.c>\n  Require all denied\n</IfModule>\n'
    const site = await host.serve({
      'index.php': facts,
      'data/.htaccess': deny,
      'data/users.txt': 'secret',
      'data/logo.png': 'secret',
      'uploads/.htaccess': 'php_flag engine off\n',
      'uploads/evil.php': '<?php echo "ran";',
    })
    expect(site.built.notes.join()).toContain('nginx with php-fpm')
    for (const path of ['/data/users.txt', '/data/logo.png', '/data/', '/uploads/evil.php', '/uploads/evil.php/x'])
      expect((await site.get(path)).status, path).toBe(403)
    expect(await readdir(join(site.directory, 'edge'))).toEqual([])
  })

  it('is served by Apache when there is no PHP at all', async () => {
    const tree = { '.htaccess': 'Redirect 302 /go https://example.org/\n', 'index.html': 'static' }
    const site = await host.serve(tree)
    expect((await site.get('/go')).headers.location).toBe('https://example.org/')
    expect((await site.get('/')).text).toBe('static')
  })
})

describe('a version constraint', () => {
  it.each([
    ['*', '8.4'],
    ['^8.1', '8.4'],
    ['~8.2.0', '8.2'],
    ['>=7.2 <8.3', '8.2'],
    ['^7.1.3 || ^8.0,<8.2', '7.4'],
    ['7.4.*|8.2.*', '8.2'],
    ['!=8.4.99', '8.2'],
    ['^8.2@dev', '8.4'],
  ])('%s means %s', async (constraint, version) => {
    const directory = join(host.home, 'solve')
    await mkdir(directory, { recursive: true })
    expect(await solveConstraint(constraint, await loadOffered(), host.request(directory))).toEqual({ version })
  })
})

describe('Composer', () => {
  const library = {
    'packages/greeting/composer.json': JSON.stringify({
      name: 'demo/greeting',
      version: '1.0.0',
      autoload: { 'psr-4': { 'Demo\\': 'src/' } },
    }),
    'packages/greeting/src/Greeting.php':
      '<?php namespace Demo; class Greeting { static function say() { return "hello"; } }',
  }
  const project = (require: object) =>
    JSON.stringify({
      require,
      repositories: [{ type: 'path', url: 'packages/*', options: { symlink: false } }, { 'packagist.org': false }],
    })

  it('installs packages for the PHP that composer.json means, and the commit stays for the next release', async () => {
    const site = await host.serve({
      ...library,
      'composer.json': project({ php: '^8.3', 'ext-intl': '*', 'demo/greeting': '^1' }),
      'public/index.php':
        '<?php require "../vendor/autoload.php"; echo Demo\\Greeting::say(), " ", PHP_MAJOR_VERSION, PHP_MINOR_VERSION;',
      'public/app.css': 'a{}',
    })
    expect(site.built.notes.join()).toContain('PHP 8.4 (composer.json: ^8.3)')
    expect((await site.get('/any/page')).text).toBe('hello 84')
    expect((await readdir(join(site.directory, 'commit'))).sort()).toEqual(['composer.json', 'packages', 'public'])
    expect(await readdir(join(site.directory, 'edge'))).toEqual(['app.css'])
  }, 120_000)

  it.each([
    ['a package that is nowhere', { php: '8.4.*', 'demo/none': '1.0' }, /build-failed[^]*demo\/none/],
    ['a PHP that is not on offer', { php: '^9' }, /PHP "\^9"[^]*invalid-site-config/],
    ['a constraint that is none', { php: 'eight' }, /no version constraint[^]*invalid-site-config/],
    ['an extension that is nowhere', { php: '8.4.*', 'ext-none': '*' }, /build-failed[^]*ext-none/],
  ])(
    'refuses %s, in its own words',
    async (_, require, words) => {
      const refusal: unknown = await host
        .build({ ...library, 'composer.json': project(require), 'index.php': '' })
        .catch((error: unknown) => error)
      expect(inspect(refusal)).toMatch(words)
    },
    60_000,
  )
})
