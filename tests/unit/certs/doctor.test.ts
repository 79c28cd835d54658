// What CAA records say, how a CA's words are read, and how hooks are called: pure.
import { describe, expect, it } from 'vitest'
import { parseRetryAfter, problemFrom } from '../../../src/certs/acme/problem.ts'
import { callOf, environmentOf } from '../../../src/certs/dns/hook.ts'
import { parseServer } from '../../../src/certs/dns/rfc2136.ts'
import { caaPath, judgeCaa } from '../../../src/certs/doctor/caa.ts'

const identities = ['letsencrypt.org']
const judge = (name: string, records: Parameters<typeof judgeCaa>[0]['records']) =>
  judgeCaa({ name, at: 'example.org', records, identities })

describe('CAA records', () => {
  it('are looked for from the name up', () => {
    expect(caaPath('*.a.example.org')).toEqual(['a.example.org', 'example.org', 'org'])
  })

  it('let pass what names our CA, with parameters or without, and what names nobody', () => {
    expect(judge('a.example.org', [{ critical: 0, issue: 'letsencrypt.org; validationmethods=http-01' }])).toEqual([])
    expect(judge('a.example.org', [{ critical: 0, iodef: 'mailto:a@example.org' }])).toEqual([])
  })

  it('stop an order for another CA or for none, with the record to set', () => {
    expect(judge('a.example.org', [{ critical: 0, issue: 'other.example' }])).toEqual([
      {
        severity: 'blocking',
        sentence: 'The CAA records of example.org allow only other.example to issue certificates for a.example.org.',
        record: 'example.org. CAA 0 issue "letsencrypt.org"',
      },
    ])
    expect(judge('a.example.org', [{ critical: 0, issue: ';' }])[0]?.sentence).toContain('no certificate authority')
  })

  it('have a word of their own for wildcards', () => {
    const records = [
      { critical: 0, issue: 'letsencrypt.org' },
      { critical: 0, issuewild: ';' },
    ]
    expect(judge('*.example.org', records)[0]?.record).toBe('example.org. CAA 0 issuewild "letsencrypt.org"')
    expect(judge('www.example.org', records)).toEqual([])
  })
})

describe("a CA's refusal", () => {
  it('is read with its type, its words in one line, and the names to blame', () => {
    const problem = problemFrom(429, {
      type: 'urn:ietf:params:acme:error:rateLimited',
      detail: 'too\nmany',
      subproblems: [{ identifier: { type: 'dns', value: 'a.org' } }],
    })
    expect(problem).toMatchObject({ type: 'rateLimited', message: 'too many', names: ['a.org'], status: 429 })
  })

  it('is read from garbage as well', () => {
    expect(problemFrom(500, '<html>')).toMatchObject({ type: '', message: 'HTTP status 500', names: [] })
    expect(problemFrom(400, { type: 7, detail: null, subproblems: 'x' })).toMatchObject({ type: '', names: [] })
  })

  it('says when to come back in seconds or by a date', () => {
    const now = new Date('2026-01-01T00:00:00Z')
    expect(parseRetryAfter('120', now)).toBe(120_000)
    expect(parseRetryAfter('Thu, 01 Jan 2026 01:00:00 GMT', now)).toBe(3_600_000)
    expect(parseRetryAfter('soon', now)).toBeUndefined()
    expect(parseRetryAfter('Wed, 31 Dec 2025 00:00:00 GMT', now)).toBeUndefined()
  })
})

describe('a DNS hook', () => {
  const record = { name: '_acme-challenge.a.org', value: 'abc' }

  it("is called as lego's exec provider calls it", () => {
    expect(callOf('/etc/hook', 'add', record)).toEqual({
      file: '/etc/hook',
      args: ['present', '_acme-challenge.a.org.', 'abc'],
    })
    expect(callOf('/etc/hook', 'remove', record).args[0]).toBe('cleanup')
  })

  it("is acme.sh's function where it is one of its files", () => {
    const { args } = callOf('/opt/acme.sh/dnsapi/dns_cf.sh', 'remove', record)
    expect(args).toEqual(['/opt/acme.sh/dnsapi/dns_cf.sh', 'dns_cf_rm', '_acme-challenge.a.org', 'abc'])
  })

  it('gets the variables that stand beside it', () => {
    expect(environmentOf('# x\nexport CF_Token="a b"\nCF_Zone=1\nno line')).toEqual({ CF_Token: 'a b', CF_Zone: '1' })
  })
})

describe('the address of a name server', () => {
  it('may have a port', () => {
    expect(parseServer('192.0.2.1')).toEqual({ address: '192.0.2.1', port: 53 })
    expect(parseServer('192.0.2.1:5353')).toEqual({ address: '192.0.2.1', port: 5353 })
    expect(parseServer('2001:db8::1')).toEqual({ address: '2001:db8::1', port: 53 })
    expect(parseServer('[2001:db8::1]:5353')).toEqual({ address: '2001:db8::1', port: 5353 })
  })

  it('is no name', () => {
    expect(() => parseServer('ns.example.org')).toThrow('is no IP address')
  })
})
