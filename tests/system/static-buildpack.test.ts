// What visitors get from a static site, asked of the nginx that its instance runs.
import { readdir } from 'node:fs/promises'
import { brotliDecompressSync, gunzipSync } from 'node:zlib'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { serveStatic, type StaticSite, type Tree } from '../helpers/static-site.ts'

const long = 'All work and no play makes Jack a dull boy.\n'.repeat(100)
let site: StaticSite

function served(tree: Tree): void {
  beforeAll(async () => {
    site = await serveStatic(tree)
  })
  afterAll(async () => {
    await site[Symbol.asyncDispose]()
  })
}

async function statusOf(path: string, headers: Record<string, string> = {}): Promise<number> {
  return (await site.get(path, headers)).status
}

/** Status and where to, of a redirect. */
async function redirect(path: string, headers: Record<string, string> = {}): Promise<string> {
  const answer = await site.get(path, headers)
  return `${answer.status} ${answer.headers.location ?? answer.text.trim()}`
}

describe('files', () => {
  served({
    'index.html': 'home',
    'about.html': 'about',
    'docs/index.html': 'docs',
    'docs.html': 'docs page',
    'old/index.htm': 'old',
    'blog/index.html': 'blog',
    'blog/first post.html': 'first',
    'style.css': long,
    'data.json': '{}',
    'app.mjs': 'export {}',
    'photo.webp': 'RIFF',
    'font.woff2': 'wOF2',
    'engine.wasm': '\0asm',
    'site.webmanifest': '{}',
    'small.txt': 'small',
    '404.html': 'my own 404',
    '.env': 'SECRET=1',
    '.git/config': 'secret',
    'docs/.htpasswd': 'secret',
    '.well-known/security.txt': 'contact',
    'wp-config.php': 'secret',
    'wp-config.php.bak': 'secret',
    'hosting.toml': 'root = "."\nbuildpack = "static"\n',
    'node_modules/x/index.js': 'x',
    Procfile: 'web: x',
    'in.html': { link: 'docs/index.html' },
    'out.html': { link: '/etc/passwd' },
    'up.html': { link: '../nginx.conf' },
    'around.html': { link: 'around.html' },
    'hidden.html': { link: '.env' },
    latest: { link: 'blog' },
  })

  it('serves pages, with and without .html', async () => {
    expect((await site.get('/')).text).toBe('home')
    expect((await site.get('/index.html')).text).toBe('home')
    expect((await site.get('/about.html')).text).toBe('about')
    expect((await site.get('/about')).text).toBe('about')
    expect((await site.get('/blog/')).text).toBe('blog')
    expect((await site.get('/old/')).text).toBe('old')
    expect((await site.get('/blog/first%20post')).text).toBe('first')
  })

  it('adds and removes the slash by a relative redirect that keeps the query', async () => {
    expect(await redirect('/blog?a=1')).toBe('301 /blog/?a=1')
    expect(await redirect('/about/?a=1')).toBe('301 /about?a=1')
    expect(await redirect('/blog/first%20post/')).toBe('301 /blog/first%20post')
    expect((await site.get('/docs')).text).toBe('docs page')
    expect((await site.get('/docs/')).text).toBe('docs')
  })

  it('answers a missing path with the site’s own 404 page', async () => {
    const answer = await site.get('/nothing', { range: 'bytes=0-2', 'if-none-match': '*' })
    expect([answer.status, answer.text]).toEqual([404, 'my own 404'])
    expect(await statusOf('/404.html')).toBe(200)
  })

  it.each([
    '/.env',
    '/.git/config',
    '/docs/.htpasswd',
    '/hosting.toml',
    '/node_modules/x/index.js',
    '/Procfile',
    '/wp-config.php',
    '/wp-config.php.bak',
    '/out.html',
    '/up.html',
    '/around.html',
    '/hidden.html',
    '/%2eenv',
    '/docs/%2e%2e/.env',
    '/../nginx.conf',
    '/%2e%2e/nginx.conf',
    '/docs/..%2f..%2fnginx.conf',
    '/edge/index.html',
    '/about.html/',
    '/about.html/x',
  ])('does not serve %s', async (path) => {
    expect([400, 404]).toContain(await statusOf(path))
  })

  it('serves .well-known, and follows links that stay inside', async () => {
    expect((await site.get('/.well-known/security.txt')).text).toBe('contact')
    expect((await site.get('/in.html')).text).toBe('docs')
    expect((await site.get('/latest/')).text).toBe('blog')
  })

  it.each([
    ['/', 'text/html; charset=utf-8'],
    ['/style.css', 'text/css; charset=utf-8'],
    ['/app.mjs', 'text/javascript; charset=utf-8'],
    ['/data.json', 'application/json'],
    ['/photo.webp', 'image/webp'],
    ['/font.woff2', 'font/woff2'],
    ['/engine.wasm', 'application/wasm'],
    ['/site.webmanifest', 'application/manifest+json'],
  ])('gives %s the type %s', async (path, type) => {
    expect((await site.get(path)).headers['content-type']).toBe(type)
  })

  it('sends what was compressed by the build, to those who take it', async () => {
    const [plain, gz, br] = await Promise.all([
      site.get('/style.css'),
      site.get('/style.css', { 'accept-encoding': 'gzip' }),
      site.get('/style.css', { 'accept-encoding': 'br, gzip' }),
    ])
    expect(plain.text).toBe(long)
    expect(gunzipSync(gz.body).toString()).toBe(long)
    expect(brotliDecompressSync(br.body).toString()).toBe(long)
    expect([gz, br].map(({ headers }) => headers['content-encoding'])).toEqual(['gzip', 'br'])
    expect([plain, gz, br].map(({ headers }) => headers.vary)).toEqual(Array(3).fill('Accept-Encoding'))
    expect(new Set([plain, gz, br].map(({ headers }) => headers.etag)).size).toBe(3)
    expect(gz.headers.etag).not.toMatch(/^W/)
  })

  it('answers conditional and range requests', async () => {
    const { headers } = await site.get('/small.txt')
    expect(await statusOf('/small.txt', { 'if-none-match': headers.etag ?? '' })).toBe(304)
    expect(await statusOf('/small.txt', { 'if-modified-since': headers['last-modified'] ?? '' })).toBe(304)
    const part = await site.get('/small.txt', { range: 'bytes=1-2' })
    expect([part.status, part.text, part.headers['content-range']]).toEqual([206, 'ma', 'bytes 1-2/5'])
    expect(await statusOf('/small.txt', { range: 'bytes=99-' })).toBe(416)
  })

  it('tells nothing of its version, and takes no POST', async () => {
    expect((await site.get('/')).headers.server).toBe('nginx')
    expect((await site.get('/', {}, 'POST')).status).toBe(405)
    expect((await site.get('/', {}, 'HEAD')).status).toBe(200)
  })
})

describe('odd file names', () => {
  const bytes = '\xff\xfe'
  served({
    'index.html': 'home',
    'a b.txt': 'space',
    '\xc3\xa9.html': 'utf-8',
    '100%.txt': 'percent',
    'what?.txt': 'question',
    'c#.txt': 'hash',
    'new\nline.txt': 'newline',
    'quote".txt': 'quote',
    '$uri.txt': 'dollar',
    [`${bytes}.txt`]: 'bytes',
    'dir?x/index.html': 'dir',
    'new\nline/index.html': 'dir newline',
    'a;b&c+d.txt': 'separators',
  })

  it.each([
    ['/a%20b.txt', 'space'],
    ['/%C3%A9', 'utf-8'],
    ['/%C3%A9.html', 'utf-8'],
    ['/100%25.txt', 'percent'],
    ['/what%3F.txt', 'question'],
    ['/c%23.txt', 'hash'],
    ['/new%0Aline.txt', 'newline'],
    ['/quote%22.txt', 'quote'],
    ['/$uri.txt', 'dollar'],
    ['/%FF%FE.txt', 'bytes'],
    ['/dir%3Fx/', 'dir'],
    ['/a;b&c+d.txt', 'separators'],
  ])('serves %s', async (path, text) => {
    expect((await site.get(path)).text).toBe(text)
  })

  it('encodes what it puts into a redirect', async () => {
    expect(await redirect('/dir%3Fx')).toBe('301 /dir%3Fx/')
    expect(await redirect('/new%0Aline')).toBe('301 /new%0Aline/')
  })

  it('shows a plain 404 page when the site has none', async () => {
    const answer = await site.get('/nothing')
    expect([answer.status, answer.headers['content-type']]).toEqual([404, 'text/html; charset=utf-8'])
    expect(answer.text).toContain('There is no such page on this site.')
  })
})

describe('_redirects', () => {
  served({
    'index.html': 'home',
    'there.html': 'there',
    'forced.html': 'never seen',
    'posts/one.html': 'post one',
    'en/404.html': 'not found, in English',
    'gone-page.html': 'it is gone',
    'app/index.html': 'app',
    'q/a b.html': 'spaced',
    _redirects: `
# a comment
/home              /              # default status
/r302   /there  302
/r303   /there  303
/r307   /there  307
/r308   /there  308
/there             /elsewhere
/forced            /elsewhere     302!
/news/*            /blog/:splat
/news/special      /never
/blog/:year/:month/:day  /posts/:day-:month.html?year=:year#top 302
/ext/*             https://www.example.com/a/:splat?x=1
/articles id=:id tag=:tag  /posts/:tag/:id 301
/articles id=:id   /posts/:id 301
/articles          /posts 301
/exact a=b         /got-b
/app/*             /app/index.html 200
/p/:name           /posts/:name 200
/show f=:file      /:file 200
/en/*              /en/404.html 404
/old               /gone-page 410
/gone              410
/secret            404!
http://old.localhost/*   https://new.example/:splat 301!
/open/*            /:splat
/caf\u00e9/*       /coffee/:splat
/a%20b             /spaced
/dollar            /$uri/"quoted"\\
/x/*               /q/:splat 200
`,
  })

  it.each([
    ['/home', '301 /'],
    ['/home/', '301 /'],
    ['/home?a=1&b=2', '301 /?a=1&b=2'],
    ['/r302', '302 /there'],
    ['/r303', '303 /there'],
    ['/r307', '307 /there'],
    ['/r308', '308 /there'],
    ['/forced', '302 /elsewhere'],
    ['/forced/', '302 /elsewhere'],
    ['/news/2004/a', '301 /blog/2004/a'],
    ['/news', '301 /blog/'],
    ['/news/special', '301 /blog/special'],
    ['/blog/2004/12/31', '302 /posts/31-12.html?year=2004#top'],
    ['/ext/b%20c', '301 https://www.example.com/a/b%20c?x=1'],
    ['/articles?id=7&tag=x', '301 /posts/x/7'],
    ['/articles?tag=x&id=7&utm=1', '301 /posts/x/7'],
    ['/articles?id=7', '301 /posts/7'],
    ['/articles?xid=7', '301 /posts?xid=7'],
    ['/articles', '301 /posts'],
    ['/exact?a=b', '301 /got-b'],
    ['/caf%C3%A9/x', '301 /coffee/x'],
    ['/caf%c3%a9/x', '301 /coffee/x'],
    ['/a%20b', '301 /spaced'],
    ['/dollar', '301 /$uri/%22quoted%22%5C'],
  ])('%s → %s', async (path, expected) => {
    expect(await redirect(path)).toBe(expected)
  })

  it('is overshadowed by a file, unless forced', async () => {
    expect((await site.get('/there')).text).toBe('there')
    expect((await site.get('/forced.html')).text).toBe('never seen')
  })

  it('shows another page under the same address', async () => {
    for (const path of ['/app/', '/app/a/b', '/app/a?x=1']) {
      const answer = await site.get(path)
      expect([answer.status, answer.text]).toEqual([200, 'app'])
    }
    expect((await site.get('/p/one')).text).toBe('post one')
    expect((await site.get('/x/a%20b')).text).toBe('spaced')
    expect((await site.get('/show?f=there')).text).toBe('there')
    const conditional = await site.get('/app/a')
    expect(await statusOf('/app/a', { 'if-none-match': conditional.headers.etag ?? '' })).toBe(304)
  })

  it('shows a page with the status of the rule', async () => {
    const english = await site.get('/en/nothing')
    expect([english.status, english.text]).toEqual([404, 'not found, in English'])
    const old = await site.get('/old')
    expect([old.status, old.text]).toEqual([410, 'it is gone'])
    expect(await statusOf('/gone')).toBe(404)
    expect(await statusOf('/p/missing')).toBe(404)
    expect(await statusOf('/exact?a=c')).toBe(404)
  })

  it('looks at host and scheme where a rule names them', async () => {
    expect(await redirect('/posts/one', { host: 'old.localhost' })).toBe('301 https://new.example/posts/one')
    expect(await redirect('/', { host: 'OLD.localhost:8080' })).toBe('301 https://new.example/')
    expect(await statusOf('/posts/one', { host: 'old.localhost', 'x-forwarded-proto': 'https' })).toBe(200)
  })

  // The attack: a rule such as `/open/* /:splat` made to send visitors to another host, or to break out of a header.
  it.each(['/open//evil.example', '/open/%2Fevil.example', '/open/\\evil.example', '/open/%5Cevil.example'])(
    'does not let %s name another host',
    async (path) => {
      expect(await redirect(path)).not.toMatch(/^3\d\d (\/[/\\]|https?:)/)
    },
  )
  it('never puts a line break into a header', async () => {
    const answer = await site.get('/news/a%0d%0aset-cookie:x=1')
    expect(answer.headers['set-cookie']).toBeUndefined()
    expect(answer.headers.location).toBe('/blog/a%0D%0Aset-cookie:x=1')
  })
  // The attack: a capture that brings dots into the path of a page.
  it.each(['/show?f=../nginx.conf', '/show?f=../../nginx.conf', '/show?f=..', '/show?f=/../nginx.conf'])(
    '%s stays inside',
    async (path) => {
      expect(await statusOf(path)).toBe(404)
    },
  )
  // The attack: an encoding of a path that slips past a forced rule.
  it.each(['/secret', '/%73ecret', '/./secret', '//secret', '/x/../secret'])(
    '%s meets the forced rule',
    async (path) => {
      expect(await statusOf(path)).toBe(404)
    },
  )
})

describe('_headers', () => {
  served({
    'index.html': 'home',
    'assets/app.js': long,
    'docs/old.html': 'latin',
    'docs/deep/page.html': 'deep',
    aasa: '{}',
    _headers: `
/*
  X-Frame-Options: DENY
  x-list: one
  X-List: two
  Content-Security-Policy: default-src 'self'; script-src "x" $uri \\ ;
/assets/*
  Cache-Control: public, max-age=31536000
  X-List: three
/docs/:name/page
  X-Name: yes
/*.js
  X-Script: 1
/docs/old.html
  Content-Type: text/html; charset=iso-8859-1
/aasa
  Content-Type: application/json
  Set-Cookie: a=1
/aas*
  Set-Cookie: b=2
`,
    _redirects: '/r /x 302\n',
  })

  it('adds up the blocks that match, as written', async () => {
    const home = await site.get('/')
    expect(home.headers).toMatchObject({
      'x-frame-options': 'DENY',
      'x-list': 'one, two',
      'content-security-policy': `default-src 'self'; script-src "x" $uri \\ ;`,
    })
    expect(home.headers['cache-control']).toBeUndefined()
    const script = await site.get('/assets/app.js', { 'accept-encoding': 'br' })
    expect(script.headers).toMatchObject({ 'x-list': 'one, two, three', 'x-script': '1', 'content-encoding': 'br' })
    expect(script.headers['cache-control']).toBe('public, max-age=31536000')
    expect((await site.get('/docs/deep/page')).headers['x-name']).toBe('yes')
    expect((await site.get('/docs/deep/page.html')).headers['x-name']).toBeUndefined()
  })

  it('sends them with errors and redirects too, but lets no cache keep an error', async () => {
    const missing = await site.get('/assets/nothing.js')
    expect([missing.status, missing.headers['x-frame-options']]).toEqual([404, 'DENY'])
    expect(missing.headers['cache-control']).toBeUndefined()
    expect((await site.get('/r')).headers['x-frame-options']).toBe('DENY')
  })

  it('replaces the content type, and keeps cookies apart', async () => {
    expect((await site.get('/docs/old.html')).headers['content-type']).toBe('text/html; charset=iso-8859-1')
    const answer = await site.get('/aasa')
    expect(answer.headers['content-type']).toBe('application/json')
    expect(answer.headers['set-cookie']).toEqual(['a=1', 'b=2'])
  })

  it('leaves nothing to the edge that a rule touches', async () => {
    expect(await readdir(`${site.directory}/edge`)).toEqual([])
  })
})
