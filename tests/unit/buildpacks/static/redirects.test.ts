import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { fromText } from '../../../../src/buildpacks/static/byte-string.ts'
import { parseRedirects } from '../../../../src/buildpacks/static/redirects.ts'

function parseOne(line: string) {
  const { rules, problems } = parseRedirects(fromText(line))
  expect(problems).toEqual([])
  expect(rules).toHaveLength(1)
  return rules[0]!
}

function problemOf(line: string): string {
  const { rules, problems } = parseRedirects(fromText(`\n${line}\n`))
  expect(rules).toEqual([])
  expect(problems).toHaveLength(1)
  expect(problems[0]!.line).toBe(2)
  return `${problems[0]!.text} ${problems[0]!.hint ?? ''}`
}

describe('parseRedirects', () => {
  // The examples of Netlify's documentation of redirects and redirect options.
  it.each([
    ['/home              /', 301, false],
    ['/blog/my-post.php  /blog/my-post # a comment', 301, false],
    ['/google            https://www.google.com', 301, false],
    ['/my-redirect       /              302', 302, false],
    ['/pass-through      /index.html    200', 200, false],
    ['/ecommerce         /store-closed  404', 404, false],
    ['/app/*             /app/index.html  200!', 200, true],
    ['/articles id=:id tag=:tag /posts/:tag/:id 301', 301, false],
    ['/news/:month/:date/:year/:slug  /blog/:year/:month/:date/:slug', 301, false],
    ['/news/*  /blog/:splat', 301, false],
    ['http://blog.yoursite.com/* https://www.yoursite.com/blog/:splat 301!', 301, true],
    ['/news/:year/:month/:date /blog-:year-:month-:date.html', 301, false],
    ['\t/tabs\t\t/fine\t307\r', 307, false],
    ['/gone 410', 410, false],
  ])('reads %s', (line, status, force) => {
    expect(parseOne(line)).toMatchObject({ status, force, line: 1 })
  })

  it('takes a rule apart', () => {
    expect(parseOne('https://Old.Example:8443/a/:x/* q=:q fixed=1 /b/:splat/:q-:x?k=v#end 302!')).toEqual({
      line: 1,
      source: {
        scheme: 'https',
        host: 'old.example',
        pattern: [
          { kind: 'text', bytes: '/a/' },
          { kind: 'placeholder', name: 'x' },
          { kind: 'text', bytes: '/' },
          { kind: 'splat' },
        ],
      },
      query: [
        { name: 'q', placeholder: 'q' },
        { name: 'fixed', value: '1' },
      ],
      status: 302,
      force: true,
      target: {
        kind: 'location',
        parts: [
          { text: '/b/' },
          { capture: 1 },
          { text: '/' },
          { capture: 2 },
          { text: '-' },
          { capture: 0 },
          { text: '?k=v' },
        ],
        fragment: '#end',
        hasQuery: true,
      },
    })
  })

  it('encodes locations and decodes pages', () => {
    expect(parseOne('/é /ü"\\%20%').target).toMatchObject({ parts: [{ text: '/%C3%BC%22%5C%20%25' }] })
    expect(parseOne('/x /a%20b?y#z 200').target).toEqual({ kind: 'page', parts: [{ text: '/a b' }] })
    expect(parseOne('/%C3%A9 /x').source).toEqual(parseOne('/é /x').source)
  })

  it('keeps a colon that is no placeholder', () => {
    expect(parseOne('/x https://example.com:8080/a:b').target).toMatchObject({
      parts: [{ text: 'https://example.com:8080/a:b' }],
    })
  })

  it.each([
    ['/only', 'there is no target'],
    ['old /new', 'must start with "/"'],
    ['/a b /c', 'neither a target nor a query parameter'],
    ['/a /b 700', 'not a status'],
    ['/a /b 418', 'not a status'],
    ['/ /anz 302 Country=au,nz', 'Country'],
    ['/ /anz Language=de', 'Language'],
    ['/admin/* /x 200! Role=admin', 'Role'],
    ['/api/* https://api.example.com/:splat 200', 'proxying is not supported'],
    ['/api/* /.netlify/functions/:splat 200', 'Netlify'],
    ['/a/*/b /c', 'at the end'],
    ['/a/* /b/*/:missing', 'not in the path'],
    ['/a /b/:splat', 'End the path with "*"'],
    ['/:a/:a /b', 'twice'],
    ['/a?b=1 /c', 'no "?"'],
    ['/about /about/', 'redirects to itself'],
    [
      '/docs/* /docs/:splat',
      'redirects to itself for ever: its target is the path that it is for Remove the rule, or give',
    ],
    ['/same /same', 'redirects to itself for ever'],
    ['/x //evil.example', 'two slashes'],
    ['/x /a/../b 200', '".."'],
    ['/x /%2e%2e/b 200', '".."'],
    ['https://bad_host!/x /y', 'not a host name'],
    [`/${'x'.repeat(701)} /y`, 'longer than 700 bytes'],
    [`/x /${'y'.repeat(2001)}`, 'longer than 2000 bytes'],
  ])('refuses %s', (line, text) => {
    expect(problemOf(line)).toContain(text)
  })

  it('lists every mistake with its line', () => {
    const { rules, problems } = parseRedirects('/a /b\nx\n\n# c\n/c\n/d /e\n')
    expect(rules.map(({ line }) => line)).toEqual([1, 6])
    expect(problems.map(({ line }) => line)).toEqual([2, 5])
  })

  it('limits the number of rules', () => {
    const lines = Array.from({ length: 5001 }, (_, index) => `/a${index} /b`).join('\n')
    expect(parseRedirects(lines).problems).toEqual([{ line: 5001, text: 'there are more than 5000 rules' }])
  })

  it('has a rule or a problem for each line, whatever is in it', () => {
    const word = fc.oneof(
      fc.constantFrom(
        '/a',
        '/b/*',
        '/:x/y',
        '/c/:splat',
        'q=:q',
        'https://h.example/*',
        '200',
        '301!',
        '404',
        'X=y',
        ':',
        '*',
        '#',
      ),
      fc.string({ maxLength: 8, unit: 'binary' }).map((text) => fromText(text).replace(/[\n]/g, '')),
    )
    const lines = fc.array(
      fc.array(word, { minLength: 1, maxLength: 5 }).map((words) => `/s ${words.join(' ')}`),
      { maxLength: 5 },
    )
    fc.assert(
      fc.property(lines, (all) => {
        const { rules, problems } = parseRedirects(all.join('\n'))
        const seen = [...rules, ...problems].map(({ line }) => line).sort((a, b) => a - b)
        expect(seen).toEqual(all.map((_, index) => index + 1))
      }),
    )
  })
})
