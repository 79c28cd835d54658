// Whatever a repository writes into _redirects and _headers, nginx must read it as what was meant: proven by `nginx -t` and by its answers.
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { fromText, percentEncode } from '../../src/buildpacks/static/byte-string.ts'
import { parseHeaders } from '../../src/buildpacks/static/headers.ts'
import { loadMediaTypes } from '../../src/buildpacks/static/media-types.ts'
import { type NginxPaths, renderNginx } from '../../src/buildpacks/static/nginx.ts'
import { findUnfit } from '../../src/buildpacks/static/nginx-redirects.ts'
import { parseRedirects } from '../../src/buildpacks/static/redirects.ts'
import { exec } from '../../src/lib/exec.ts'
import { serveStatic } from '../helpers/static-site.ts'

let home: string
beforeAll(async () => {
  home = await mkdtemp(join(tmpdir(), 'static-conf-'))
})
afterAll(async () => {
  await rm(home, { recursive: true })
})

async function prove(redirects: string, headers: string): Promise<string> {
  const paths: NginxPaths = {
    release: home,
    socket: join(home, 'web.sock'),
    temporary: home,
    modules: '/usr/lib/nginx/modules',
  }
  const rules = { redirects: parseRedirects(redirects).rules, headers: parseHeaders(headers).rules }
  expect(findUnfit(rules.redirects)).toEqual([])
  const configuration = join(home, 'nginx.conf')
  await writeFile(configuration, renderNginx(rules, (await loadMediaTypes()).text, paths), 'latin1')
  const { exitCode, stderr } = await exec('nginx', ['-t', '-q', '-c', configuration])
  return exitCode === 0 ? 'ok' : stderr
}

const anyByte = fc.integer({ min: 0, max: 255 }).map((code) => String.fromCharCode(code))
const nasty = fc.constantFrom(
  '"',
  "'",
  '\\',
  '$',
  '${x}',
  '{',
  '}',
  ';',
  '#',
  '%',
  '(?',
  '[',
  '\\x',
  '~',
  '*',
  ':a',
  '\\"',
  '$1',
  '\r',
  '\t',
  '/',
)
const wild = fc.array(fc.oneof(nasty, anyByte), { maxLength: 12 }).map((parts) => parts.join('').replaceAll('\n', ''))
const redirectLine = fc
  .tuple(wild, wild, fc.constantFrom('', ' 200', ' 302!', ' 404'))
  .map(([from, to, status]) => `/${from} /${to}${status}`)
const headerBlock = fc.tuple(wild, wild).map(([path, value]) => `/${path}\n  X-Test: ${value}`)

describe('the rendered configuration', () => {
  it('is accepted by nginx whatever is in the rules', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(redirectLine, { minLength: 20, maxLength: 60 }),
        fc.array(headerBlock, { minLength: 10, maxLength: 30 }),
        async (redirects, headers) => {
          expect(await prove(redirects.join('\n'), headers.join('\n'))).toBe('ok')
        },
      ),
      { numRuns: 25 },
    )
  })

  it('takes as many rules, and as long ones, as the parsers let through', async () => {
    const long = `${'%FF'.repeat(230)} ${'/é$"'.repeat(30)}`
    const redirects = Array.from({ length: 4990 }, (_, index) => `/old/${index}/:a/* /new/:splat/:a/${index} 301`)
    const headers = Array.from({ length: 990 }, (_, index) => `/p${index}/*\n  Cache-Control: max-age=${index}`)
    const types = Array.from({ length: 40 }, (_, index) => `/t${index}\n  Content-Type: text/x-${index}`)
    const policy = `/csp\n  Content-Security-Policy: ${'"$'.repeat(300)}`
    expect(
      await prove([...redirects, `/${long}`].join('\n'), [...headers.slice(0, 940), ...types, policy].join('\n')),
    ).toBe('ok')
    expect(parseRedirects(`/x /${':'.repeat(2001)}`).problems).toHaveLength(1)
    expect(findUnfit(parseRedirects(`/x /${'$'.repeat(1000)}`).rules)).toEqual([
      { line: 1, text: 'the rule is too long' },
    ])
  })
})

it('sends targets and values exactly as they were written', async () => {
  const printable = fc
    .integer({ min: 0x21, max: 0xff })
    .filter((code) => code !== 0x7f)
    .map((code) => String.fromCharCode(code))
  const word = fc
    .array(
      fc.oneof(
        nasty.filter((part) => !/\s/.test(part)),
        printable,
      ),
      { minLength: 1, maxLength: 15 },
    )
    .map((parts) => parts.join('').trim())
  const words = fc.sample(word, { numRuns: 60, seed: 7 }).filter((text) => text !== '' && !/[\x80-\xa0]/.test(text))
  const targets = words.map((text) => `/${text.replace(/[:#?*]/g, '').replace(/^[/\\]+/, '')}`)
  await using site = await serveStatic({
    'index.html': 'home',
    _redirects: Buffer.from(targets.map((target, index) => `/r${index} ${target}x`).join('\n'), 'latin1'),
    _headers: Buffer.from(words.map((value, index) => `/h${index}\n  X-Value: ${value}x`).join('\n'), 'latin1'),
  })
  for (const [index, target] of targets.entries()) {
    expect((await site.get(`/r${index}`)).headers.location).toBe(percentEncode(`${target}x`))
  }
  for (const [index, value] of words.entries()) {
    expect((await site.get(`/h${index}`)).headers['x-value']).toBe(`${value}x`)
  }
})

it('matches and passes on any file name, encoded as it may be', async () => {
  const name = fc
    .array(
      anyByte.filter((byte) => !/[\0/]/.test(byte)),
      { minLength: 1, maxLength: 8 },
    )
    .map((bytes) => bytes.join(''))
  const names = fc.sample(name, { numRuns: 60, seed: 8 }).filter((text) => !/^\.+$/.test(text))
  const encode = (text: string) =>
    text.replace(/[\s\S]/g, (byte) => `%${byte.charCodeAt(0).toString(16).padStart(2, '0')}`)
  const lines = names.map((text, index) => `/n${index}/${encode(text)}/:x /hit${index}/:x 302`)
  await using site = await serveStatic({
    'index.html': 'home',
    _redirects: [...lines, '/s/* /t/:splat 302', '/page/* /files/:splat 200'].join('\n'),
    ...Object.fromEntries(names.map((text) => [`files/f-${text}`, fromText(text)])),
  })
  for (const [index, text] of names.entries()) {
    expect((await site.get(`/n${index}/${encode(text)}/end`)).headers.location).toBe(`/hit${index}/end`)
    const passed = (await site.get(`/s/${encode(text)}`)).headers.location ?? ''
    expect(passed).toMatch(/^\/t\/[!-~]*$/)
    expect(decode(passed.slice('/t/'.length))).toBe(text)
    expect((await site.get(`/page/f-${encode(text)}`)).text).toBe((await site.get(`/files/f-${encode(text)}`)).text)
    expect((await site.get(`/page/f-${encode(text)}`)).status).toBe(200)
  }
})

function decode(text: string): string {
  return text.replace(/%([0-9A-F]{2})/gi, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)))
}
