import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { parsePattern, patternRegExp } from '../../../../src/buildpacks/static/path-pattern.ts'

describe('path patterns', () => {
  it.each([
    ['/', ['/'], ['/a', '/a/']],
    ['/news', ['/news', '/news/'], ['/new', '/news/a', '/newsx', '/News']],
    ['/news/', ['/news', '/news/'], ['/news/a']],
    ['/news/*', ['/news', '/news/', '/news/a', '/news/a/b\n'], ['/newsx', '/new']],
    ['/news*', ['/news', '/newsx', '/news/a'], ['/new']],
    ['/*', ['/', '/a', '/a/b'], []],
    ['/*.js', ['/a.js', '/a/b.js'], ['/a.jsx', '/a.js/b']],
    ['/:a/x', ['/1/x', '/é/x/'], ['/1/2/x', '//x', '/x']],
    ['/a.b', ['/a.b'], ['/axb']],
    ['/a%20b', ['/a b'], ['/a%20b']],
    ['/a:b', ['/a:b'], ['/axb']],
  ])('%s', (pattern, matching, others) => {
    const regExp = patternRegExp(parsePattern(pattern))
    for (const path of matching) expect(`${path} ${regExp.test(path)}`).toBe(`${path} true`)
    for (const path of others) expect(`${path} ${regExp.test(path)}`).toBe(`${path} false`)
  })

  it('matches any literal path by itself, and nothing else by its characters', () => {
    const byte = fc.integer({ min: 1, max: 255 }).map((code) => String.fromCharCode(code))
    const path = fc.array(byte, { maxLength: 12 }).map((bytes) => `/${bytes.join('').replace(/[*:%]/g, '')}x`)
    fc.assert(
      fc.property(path, path, (left, right) => {
        const regExp = patternRegExp(parsePattern(left))
        expect(regExp.test(left)).toBe(true)
        expect(regExp.test(right)).toBe(left === right || `${left}/` === right)
      }),
    )
  })
})
