// The rendered configuration: what must hold whatever the options are. That nginx accepts it is proven in tests/system.
import { readFile } from 'node:fs/promises'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { renderNginxConfig, versionOf } from '../../../src/edge/nginx-config.ts'
import { type NginxOptions, quote } from '../../../src/edge/nginx-options.ts'
import { readPages } from '../../../src/edge/pages.ts'
import { hostNameSchema, maxHostNameLength } from '../../../src/names/host-name.ts'

const link = '/run/hosting-12345678'
const options: NginxOptions = {
  link,
  paths: {
    pid: `${link}/run/edge/pid`,
    errorLog: `${link}/e.log`,
    state: `${link}/run/edge`,
    wakeSocket: `${link}/w.sock`,
  },
  listen: ['8080', '[::]:8080'],
  listenTls: ['8443', '[::]:8443'],
  httpPort: 8080,
  httpsPort: 8443,
  tickets: [`${link}/run/tickets/1.key`],
  nginx: { http2Directive: false, http3: false, certificateCache: false, postQuantum: false },
  workers: { user: 'www-data', group: 'www-data' },
  modules: [],
  requestRate: 200,
  maxConnectionsPerAddress: 256,
  maxUploadMb: 128,
  mediaTypes: await readFile(new URL('../../../nginx/mime.types', import.meta.url), 'utf8'),
  pages: await readPages(),
}

describe('the host of Git', () => {
  const serversOf = (git: NginxOptions['git']) =>
    renderNginxConfig({ ...options, git })
      .split(/^server \{$/m)
      .filter((server) => server.includes('server_name git.example.org;'))

  it('has a server of its own, which keeps nothing back; the others are as they were', () => {
    const [plain, secure, ...more] = serversOf({ host: 'git.example.org', plain: true })
    expect(more).toEqual([])
    for (const server of [plain, secure]) {
      expect(server).toContain('client_max_body_size 0;')
      expect(server).toContain('proxy_request_buffering off;')
      expect(server).toContain('"gated/git.example.org"')
      expect(server).not.toContain('default_server')
    }
    expect(secure).toContain('ssl_certificate ')
    const without = renderNginxConfig({ ...options, git: undefined })
    expect(without).not.toContain('proxy_request_buffering')
    expect(serversOf(undefined)).toEqual([])
  })

  it('asks for no password in the clear where there is HTTPS', () => {
    const [plain] = serversOf({ host: 'git.example.org', plain: false })
    expect(plain).toContain('return 308 https://git.example.org:8443$request_uri;')
    expect(plain).not.toContain('proxy_pass')
  })
})

describe('the configuration', () => {
  it('takes as site whatever can be a host name, and never what means something in a path', () => {
    const pattern = /"~(\^\[a-z0-9\].*)" \$host;/.exec(renderNginxConfig(options))?.[1] ?? ''
    const shape = new RegExp(pattern)
    const label = fc.stringMatching(/^[a-z0-9.-]{0,12}$/)
    const host = fc.array(label, { minLength: 1, maxLength: 9 }).map((labels) => labels.join('.'))
    fc.assert(
      fc.property(host, (text) => !hostNameSchema.safeParse(text).success || shape.test(text)),
      { numRuns: 2000 },
    )
    fc.assert(
      fc.property(
        fc.string({ unit: 'binary', maxLength: 80 }),
        (text) => !shape.test(text) || /^[a-z0-9][a-z0-9.-]+$/.test(text),
      ),
      { numRuns: 2000 },
    )
    const longest = `${'a'.repeat(50)}.${'b'.repeat(maxHostNameLength - 51)}`
    expect([shape.test(longest), shape.test(`${longest}b`)]).toEqual([true, false])
    const refused = [
      '',
      '.',
      '..',
      '-',
      'a',
      '../a',
      'a/b.org',
      'a\nb.org',
      'a.org\n',
      '.a.org',
      'a.org.',
      'ä.org',
      'A.org',
      'a\0.org',
    ]
    expect(refused.filter((text) => shape.test(text))).toEqual([])
  })

  it('fits the longest host name into the path of a unix socket', () => {
    const path = /unix:(\/run[^:]*)\$at([^:]*):/.exec(renderNginxConfig(options))
    const entry = Math.max(...['routes/', 'secure/', 'gated/'].map((tree) => tree.length)) + maxHostNameLength
    expect(`${path?.[1] ?? ''}${'x'.repeat(entry)}${path?.[2] ?? ''}`.length).toBe(107)
  })

  it('names its own version, which changes with every option', () => {
    expect(renderNginxConfig(options)).toContain(`return 200 "${versionOf(options)}"`)
    const others = [
      { requestRate: 0 },
      { listen: ['80'] },
      { workers: undefined },
      { maxUploadMb: 1 },
      { maxConnectionsPerAddress: 0 },
    ]
    const versions = [{}, ...others].map((other) => versionOf({ ...options, ...other }))
    expect(new Set(versions).size).toBe(others.length + 1)
  })

  it('has no limit where it is 0, no user where there is none, no brotli without both modules', () => {
    const text = renderNginxConfig({ ...options, requestRate: 0, maxConnectionsPerAddress: 0, workers: undefined })
    expect(text).not.toMatch(/limit_(req|conn)(_zone)? |^user |brotli/m)
    const modules = ['/m/ngx_http_brotli_filter_module.so', '/m/ngx_http_brotli_static_module.so']
    expect(renderNginxConfig({ ...options, modules: modules.slice(1) })).not.toMatch(/brotli_static on/)
    expect(renderNginxConfig({ ...options, modules })).toMatch(/brotli_static on;[^]*brotli_types\s+text\/css/)
  })

  it('listens to X-Accel-* only of the wake socket', () => {
    const text = renderNginxConfig(options)
    expect(text).toMatch(/^ {2}proxy_ignore_headers( X-Accel-(Redirect|Expires|Limit-Rate|Buffering|Charset)){5};$/m)
    const locations = text.split(/^ {2}(?:location |\})/m).filter((part) => part.startsWith('@'))
    const trusting = locations.filter((location) => location.includes('proxy_ignore_headers'))
    expect(trusting.map((location) => location.split(' ')[0])).toEqual(['@lost', '@unrouted', '@lost', '@unrouted'])
    for (const location of trusting) expect(location).toContain('w.sock:')
  })

  it('refuses a page that nginx could not read as one parameter', () => {
    const withPage = (page: string) => () => renderNginxConfig({ ...options, pages: { ...options.pages, down: page } })
    expect(withPage('x'.repeat(4000))).toThrow('too long')
    expect(withPage('costs $5')).toThrow('"$"')
    expect(withPage("it's")()).toContain("'it\\'s'")
  })

  it('quotes what would end a parameter', () => {
    expect(quote('a "b" \\ $site')).toBe('"a \\"b\\" \\\\ $site"')
  })
})
