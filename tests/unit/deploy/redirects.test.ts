import fc from 'fast-check'
import { expect, it } from 'vitest'
import { redirectsOf } from '../../../src/deploy/redirects.ts'
import type { Domain } from '../../../src/store/domains.ts'

const domain = (name: string, role: Domain['role'], to: string | null = null): Domain => ({
  ...{ name, role, redirects_to: to, site_id: 1, created_at: '' },
})
const targets = (...domains: Domain[]) => Object.fromEntries(redirectsOf(domains))

it('leads to the primary domain, or to the name it was paired with', () => {
  const domains = [
    domain('a.example', 'primary'),
    domain('b.example', 'served'),
    domain('www.b.example', 'redirect', 'b.example'),
    domain('old.example', 'redirect'),
    domain('*.a.example', 'redirect'),
  ]
  expect(targets(...domains)).toEqual({
    ...{ 'www.b.example': 'b.example', 'old.example': 'a.example', '*.a.example': 'a.example' },
  })
})

it('leads to the end of a chain at once, and out of a circle', () => {
  const chain = [domain('b.example', 'redirect'), domain('www.b.example', 'redirect', 'b.example')]
  expect(targets(domain('a.example', 'primary'), ...chain)).toEqual({
    'b.example': 'a.example',
    'www.b.example': 'a.example',
  })
  const circle = [domain('b.example', 'redirect', 'c.example'), domain('c.example', 'redirect', 'b.example')]
  expect(targets(domain('a.example', 'primary'), ...circle)).toEqual({
    'b.example': 'a.example',
    'c.example': 'a.example',
  })
})

it('never leads to a name that redirects, whatever is paired with what', () => {
  const names = ['b.example', 'c.example', 'd.example', 'e.example']
  const any = fc.record({
    role: fc.constantFrom('served' as const, 'redirect' as const),
    to: fc.option(fc.constantFrom('a.example', ...names)),
  })
  fc.assert(
    fc.property(fc.tuple(any, any, any, any), (rows) => {
      const domains = [
        domain('a.example', 'primary'),
        ...rows.map(({ role, to }, index) => domain(names[index] ?? '', role, to)),
      ]
      const redirects = redirectsOf(domains)
      const redirecting = domains.filter(({ role }) => role === 'redirect').map(({ name }) => name)
      expect([...redirects.keys()].sort()).toEqual(redirecting.sort())
      for (const target of redirects.values()) expect(redirecting).not.toContain(target)
    }),
  )
})
