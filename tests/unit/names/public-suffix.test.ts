import { describe, expect, it } from 'vitest'
import { parsePublicSuffixes, publicSuffixes } from '../../../src/names/public-suffix.ts'

/** From the examples of https://publicsuffix.org/list/. */
const text = `
// a comment
com
uk
co.uk   what follows a space is no rule
jp
*.kawasaki.jp
!city.kawasaki.jp
*.ck
!www.ck
公司.cn
`

describe('a list of public suffixes', () => {
  const list = parsePublicSuffixes(text)

  it.each([
    ['com', true],
    ['example.com', false],
    ['co.uk', true],
    ['uk', true],
    ['example.co.uk', false],
    ['anything.ck', true],
    ['www.ck', false],
    ['c.kawasaki.jp', true],
    ['city.kawasaki.jp', false],
    ['xn--55qx5d.cn', true],
    ['unlisted', true],
    ['name.unlisted', false],
  ])('%s: %s', (name, is) => expect(list.has(name)).toBe(is))

  it.each([
    ['com', undefined],
    ['example.com', 'example.com'],
    ['a.b.example.com', 'example.com'],
    ['www.example.co.uk', 'example.co.uk'],
    ['a.b.anything.ck', 'b.anything.ck'],
    ['www.www.ck', 'www.ck'],
    ['a.city.kawasaki.jp', 'city.kawasaki.jp'],
    ['a.b.c.unlisted', 'c.unlisted'],
  ])('what was registered of %s is %s', (name, registered) => expect(list.registrable(name)).toBe(registered))
})

it('the list of the system knows where strangers register', () => {
  const list = publicSuffixes()
  for (const name of ['co.uk', 'github.io', 'com.au', 'org']) expect(list.has(name), name).toBe(true)
  for (const name of ['example.org', 'demo.localhost', 'my.github.io']) expect(list.has(name), name).toBe(false)
})
