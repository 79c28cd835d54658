import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { HostingError } from '../../../src/errors/hosting-error.ts'
import {
  covers,
  domainNameSchema,
  hostOf,
  isWildcard,
  namesAbove,
  parseDomain,
  readDomain,
  shownName,
} from '../../../src/names/domain-name.ts'
import { maxHostNameLength, parseHostName } from '../../../src/names/host-name.ts'
import { anyText } from '../../helpers/any-text.ts'

const label = fc.stringMatching(/^[a-z]([a-z0-9]{0,8})$/)
const host = fc.array(label, { minLength: 2, maxLength: 5 }).map((labels) => labels.join('.'))

describe('a domain', () => {
  it('is a host name, or a star and a dot before one', () => {
    fc.assert(
      fc.property(host, (name) => {
        expect(parseDomain(name, 'localhost')).toBe(name)
        const wildcard = parseDomain(`*.${name.toUpperCase()}`, 'localhost')
        expect([wildcard, isWildcard(wildcard), hostOf(wildcard)]).toEqual([`*.${name}`, true, name])
        expect(readDomain(wildcard)).toBe(wildcard)
      }),
    )
  })

  it('is refused with a hint or comes out fit for a path, whatever is typed', () => {
    const typed = fc.oneof(
      anyText(),
      fc.string().map((text) => `*.${text}`),
    )
    fc.assert(
      fc.property(typed, (text) => {
        const parsed = attempt(() => parseDomain(text, 'localhost'))
        if (parsed instanceof HostingError) return parsed.code === 'invalid-name' && parsed.hint !== undefined
        const name = String(parsed)
        return /^(\*\.)?[a-z0-9.-]+$/.test(name) && name.length <= maxHostNameLength && !name.includes('..')
      }),
      { numRuns: 300 },
    )
  })

  it.each([
    '*',
    '*.',
    '*.*.example.org',
    '**.example.org',
    'a.*.example.org',
    'a*.example.org',
    '*example.org',
    '*./x',
  ])('%s is none', (text) => expect(() => parseDomain(text, 'localhost')).toThrow(HostingError))

  it('may be short below the base domain, and must leave room in a path for the star', () => {
    expect(parseDomain('*.demo', 'apps.example.org')).toBe('*.demo.apps.example.org')
    expect(() => parseDomain('*.apps.example.org', 'apps.example.org')).toThrow('the platform itself')
    const longest = `${'a'.repeat(maxHostNameLength - 4)}.org`
    expect(parseHostName(longest)).toHaveLength(maxHostNameLength)
    expect(() => parseDomain(`*.${longest}`, 'localhost')).toThrow('at most')
    expect(domainNameSchema.safeParse(`*.${longest}`).success).toBe(false)
  })
})

it('a wildcard covers the names of one more label', () => {
  fc.assert(
    fc.property(host, label, label, (name, one, two) => {
      const wildcard = parseDomain(`*.${name}`, 'localhost')
      expect(covers(wildcard, `${one}.${name}`)).toBe(true)
      for (const other of [name, `${two}.${one}.${name}`, `.${name}x`, `${one}${name}`])
        expect(covers(wildcard, other)).toBe(false)
      expect(covers(parseHostName(name), name)).toBe(true)
    }),
  )
})

it.each([
  ['a.b.example.org', ['b.example.org', 'example.org']],
  ['*.b.example.org', ['b.example.org', 'example.org']],
  ['example.org', []],
  ['*.example.org', ['example.org']],
])('above %s are %j', (name, above) => expect(namesAbove(readDomain(name))).toEqual(above))

it.each([
  ['xn--bcher-kva.example', 'bücher.example (xn--bcher-kva.example)'],
  ['*.xn--bcher-kva.example', '*.bücher.example (*.xn--bcher-kva.example)'],
  ['example.org', 'example.org'],
])('%s is shown as %s', (name, shown) => expect(shownName(name)).toBe(shown))

function attempt(parse: () => unknown): unknown {
  try {
    return parse()
  } catch (error) {
    return error
  }
}
