import { describe, expect, it } from 'vitest'
import { fromText } from '../../../../src/buildpacks/static/byte-string.ts'
import { parseHeaders } from '../../../../src/buildpacks/static/headers.ts'

function problemsOf(content: string): string[] {
  return parseHeaders(fromText(content)).problems.map(
    ({ line, text, hint }) => `${line}: ${text}${hint ? ` ${hint}` : ''}`,
  )
}

describe('parseHeaders', () => {
  it('reads the example of Netlify’s documentation', () => {
    const { rules, problems } = parseHeaders(`# a path:
/templates/index.html
  # headers for that path:
  X-Frame-Options: DENY
  X-XSS-Protection: 1; mode=block
# another path:
/templates/index2.html
  X-Frame-Options: SAMEORIGIN
/*
\tcache-control: max-age=0
\tcache-control: no-cache
  Link: <https://example.com/a:b>; rel="preload"
`)
    expect(problems).toEqual([])
    expect(rules.map(({ line, name, value }) => [line, name, value])).toEqual([
      [4, 'X-Frame-Options', 'DENY'],
      [5, 'X-XSS-Protection', '1; mode=block'],
      [8, 'X-Frame-Options', 'SAMEORIGIN'],
      [10, 'cache-control', 'max-age=0'],
      [11, 'cache-control', 'no-cache'],
      [12, 'Link', '<https://example.com/a:b>; rel="preload"'],
    ])
  })

  it.each([
    ['X-A: 1', 'before any path'],
    ['/x\n  nonsense', '"Name: value"'],
    ['/x\n  X-A:', 'no value'],
    ['/x\n  Bad Name: 1', 'not a header name'],
    ['/x\n  Basic-Auth: user:password', 'not supported yet'],
    ['/x\n  Content-Type: nothing', 'not a media type'],
    ['/x\n  Content-Type: text/html; x="}', 'not a media type'],
    ['/x\n  X-A: a\tb\x07', 'control character'],
    [`/x\n  X-A: ${'y'.repeat(4001)}`, 'too long'],
    ['/a b\n  X-A: 1', 'spaces'],
    ['/*a*b*\n  X-A: 1', 'at most 2'],
    ['https://example.org/x\n  X-A: 1', 'no scheme and no host'],
  ])('refuses %j', (content, text) => {
    expect(problemsOf(content).join('\n')).toContain(text)
  })

  it.each([
    'Content-Length',
    'connection',
    'Transfer-Encoding',
    'Server',
    'X-Accel-Redirect',
    'Location',
    'Date',
    'Content-Encoding',
    'Upgrade',
    'Keep-Alive',
    'Status',
  ])('refuses to set %s', (name) => {
    expect(problemsOf(`/x\n  ${name}: 1`).join('')).toContain('set by the server')
  })
})
