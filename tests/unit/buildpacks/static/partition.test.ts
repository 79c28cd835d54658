import { describe, expect, it } from 'vitest'
import { parseHeaders } from '../../../../src/buildpacks/static/headers.ts'
import { partitionOf } from '../../../../src/buildpacks/static/partition.ts'
import { parseRedirects } from '../../../../src/buildpacks/static/redirects.ts'

function partition(redirects: string, headers = '') {
  return partitionOf({ redirects: parseRedirects(redirects).rules, headers: parseHeaders(headers).rules })
}

describe('partitionOf', () => {
  it('leaves everything to the edge without rules, and with rules that files come before', () => {
    expect(partition('')('a.html')).toBe('edge')
    expect(partition('/a /b\n/* /index.html 200')('a.html')).toBe('edge')
  })

  it.each([
    ['/a', ['a', 'a.html', 'a/index.html'], ['b.html', 'a/b.html']],
    ['/a/', ['a.html', 'a/index.html'], ['b.html']],
    ['/a.html', ['a.html', 'a'], ['a/index.html']],
    ['/a/index.html', ['a/index.html'], ['a.html']],
    ['/a/*', ['a/index.html', 'a/b/c.css', 'a.html'], ['b.css']],
    ['/', ['index.html'], ['a.html']],
    ['/*', ['index.html', 'a/b'], []],
  ])('keeps from the edge what a forced %s touches', (path, ruled, edge) => {
    for (const rules of [partition(`${path} /other 301!`), partition('', `${path}\n  X-A: 1`)]) {
      expect(Object.groupBy([...ruled, ...edge], rules)).toEqual({ ruled, ...(edge.length > 0 ? { edge } : {}) })
    }
  })

  it('looks at no host and no query', () => {
    expect(partition('https://old.example/* /x 301!')('a.html')).toBe('ruled')
    expect(partition('/a id=:id /x 301!')('a.html')).toBe('ruled')
  })

  it('gives up on the edge for hundreds of patterns', () => {
    const many = Array.from({ length: 301 }, (_, index) => `/x${index} /y 301!`).join('\n')
    expect(partition(many)('unrelated.html')).toBe('ruled')
  })
})
