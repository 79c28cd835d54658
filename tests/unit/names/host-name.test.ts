import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { anyText } from '../../helpers/any-text.ts'
import { HostingError } from '../../../src/errors/hosting-error.ts'
import { hostNameSchema, maxHostNameLength, parseHostName, parseSiteName } from '../../../src/names/host-name.ts'

const label = fc.stringMatching(/^[a-z0-9]([a-z0-9-]{0,8}[a-z0-9])?$/).filter((text) => !text.startsWith('xn--'))
const top = fc.stringMatching(/^[a-z]{2,6}$/)
const hostName = fc
  .tuple(fc.array(label, { minLength: 1, maxLength: 4 }), top)
  .map(([labels, last]) => [...labels, last].join('.'))
  // UTS 46 knows further rules for hyphens in the third and fourth place.
  .filter((name) => name.length <= maxHostNameLength && !/(^|\.)..--/.test(name))

describe('a host name', () => {
  it('is itself when it is one already, and capitals do not matter', () => {
    fc.assert(
      fc.property(hostName, (name) => {
        expect(parseHostName(name)).toBe(name)
        expect(parseHostName(name.toUpperCase())).toBe(name)
      }),
    )
  })

  it('is refused with a hint or comes out fit for a path, a certificate and a configuration, whatever is typed', () => {
    const typed = fc.oneof(anyText(), fc.string(), fc.webUrl(), fc.domain())
    fc.assert(
      fc.property(typed, (text) => {
        const parsed = attempt(() => parseHostName(text))
        if (parsed instanceof HostingError) return parsed.code === 'invalid-name' && parsed.hint !== undefined
        const fit = /^(?=.{3,65}$)[a-z0-9]([a-z0-9-]*[a-z0-9])?(\.[a-z0-9]([a-z0-9-]*[a-z0-9])?)+$/
        return fit.test(String(parsed)) && parseHostName(String(parsed)) === parsed
      }),
      { numRuns: 400 },
    )
  })

  it.each([
    ['bücher.example', 'xn--bcher-kva.example'],
    ['BÜCHER.example', 'xn--bcher-kva.example'],
    ['例え.テスト', 'xn--r8jz45g.xn--zckzah'],
    ['straße.example', 'xn--strae-oqa.example'],
    ['example。org', 'example.org'],
    ['xn--bcher-kva.example', 'xn--bcher-kva.example'],
  ])('%s becomes %s', (typed, name) => expect(parseHostName(typed)).toBe(name))

  it.each([
    ['', 'empty'],
    ['..', 'a dot may not stand'],
    ['../../etc', 'only letters'],
    ['test..com', 'a dot may not stand'],
    ['.example.org', 'a dot may not stand'],
    ['example.org.', 'a dot may not stand'],
    ['-x.org', 'hyphen'],
    ['x-.org', 'hyphen'],
    ['a_b.org', 'only letters'],
    ['a b.org', 'only letters'],
    ['a%2eb.org', 'only letters'],
    ['$(id).org', 'only letters'],
    ['a\0b.org', 'only letters'],
    ['a\nb.org', 'only letters'],
    ['localhost', 'at least one dot'],
    ['127.0.0.1', 'IP address'],
    ['0x7f.1', 'IP address'],
    ['::1', 'only letters'],
    ['a'.repeat(64), 'at most 63'],
    [`${'a.'.repeat(40)}org`, `at most ${maxHostNameLength}`],
    ['a'.repeat(254), `at most ${maxHostNameLength}`],
  ])('%j is refused: %s', (typed, why) => expect(() => parseHostName(typed)).toThrow(why))

  it('repeats only the start of what was typed', () => {
    const error = attempt(() => parseHostName('a'.repeat(5000)))
    expect((error as Error).message.length).toBeLessThan(300)
  })

  it('is known by its schema', () => {
    for (const [value, fits] of [
      ['a.org', true],
      ['A.org', false],
      ['a', false],
      ['a.org.', false],
      [7, false],
    ] as const)
      expect(hostNameSchema.safeParse(value).success).toBe(fits)
  })
})

describe("a site's name", () => {
  it.each([
    ['demo', 'demo.localhost'],
    ['DEMO', 'demo.localhost'],
    ['demo.git', 'demo.localhost'],
    ['demo.localhost.git', 'demo.localhost'],
    ['example.org', 'example.org'],
    ['bücher', 'xn--bcher-kva.localhost'],
  ])('%s means %s', (typed, name) => expect(parseSiteName(typed, 'localhost')).toBe(name))

  it.each(['localhost', 'LOCALHOST', 'localhost.git', '', '.git', '..', '-x', '../x', 'a/b', "'x'"])(
    'is not %j',
    (typed) => expect(() => parseSiteName(typed, 'localhost')).toThrow(HostingError),
  )

  it.each(['apps.example.org', 'APPS.example.org'])('is not the base domain, %s', (typed) =>
    expect(() => parseSiteName(typed, 'apps.example.org')).toThrow('the name of the platform itself'),
  )
})

function attempt(work: () => string): unknown {
  try {
    return work()
  } catch (error) {
    return error
  }
}
