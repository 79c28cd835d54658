// What listings and answers say of certificates: one line a trouble, with what to do about it.
import { describe, expect, it } from 'vitest'
import type { CertificateFacts, CertificateStatus } from '../../../src/certs/types.ts'
import type { Clock } from '../../../src/lib/clock.ts'
import { createPlatform, terminal } from './platform.ts'

const inDays = (days: number) => new Date(Date.now() + (days + 0.5) * 86_400_000)

function facts(change: Partial<CertificateFacts> = {}): CertificateFacts {
  const made = { id: 'c', source: 'acme' as const, names: ['demo.localhost'], issuer: 'A CA' }
  return { ...made, notBefore: new Date(0), notAfter: inDays(60), ...change }
}

async function withStatuses(statuses: readonly CertificateStatus[]) {
  const platform = await createPlatform({
    certificates: {
      of: () => Promise.resolve([...statuses]),
      find: (name) => Promise.resolve(statuses.find((each) => each.name === name)),
      expiringBefore: () =>
        Promise.resolve(
          statuses.flatMap(({ name, certificate }) =>
            certificate === undefined ? [] : { siteId: 1, certificate, renewal: 'by-hand' as const, names: [name] },
          ),
        ),
    },
  })
  await platform.site('demo.localhost', 'anna')
  return platform
}

describe('a trouble', () => {
  const name = 'demo.localhost'
  const noRecord = { reason: 'demo.localhost has no A record.', record: 'demo.localhost. A 203.0.113.5' }
  const cases: readonly [what: string, status: CertificateStatus, trouble: RegExp | null][] = [
    ['nothing', { name, state: 'serving', certificate: facts(), nextTryAt: inDays(30) }, null],
    [
      'renewed by the platform',
      { name, state: 'serving', certificate: facts({ notAfter: inDays(2) }), nextTryAt: inDays(1) },
      null,
    ],
    [
      'no DNS yet',
      { name, state: 'waiting', ...noRecord },
      /^demo\.localhost has no A record\. Set: {2}demo.localhost\. A 203\.0\.113\.5$/,
    ],
    [
      'a renewal that fails',
      { name, state: 'failing', certificate: facts({ notAfter: inDays(2) }), reason: 'The CA is down.' },
      /^demo.localhost: The CA is down\. The one that serves expires in 2 days\.$/,
    ],
    [
      'a failing one with time left',
      { name, state: 'failing', certificate: facts(), reason: 'The CA is down.' },
      /The CA is down\.$/,
    ],
    ['an uploaded one', { name, state: 'serving', certificate: facts({ source: 'uploaded' }) }, null],
    [
      'an uploaded one that ends',
      { name, state: 'serving', certificate: facts({ source: 'uploaded', notAfter: inDays(1) }) },
      /expires in 1 day, and nobody renews it: certs:upload a new one, or certs:remove it$/,
    ],
    [
      'an uploaded one that was given up',
      { name, state: 'serving', certificate: facts({ source: 'uploaded', notAfter: inDays(1) }), nextTryAt: inDays(0) },
      null,
    ],
    [
      'one that has expired',
      { name, state: 'serving', certificate: facts({ notAfter: inDays(-3) }) },
      /has expired on \d{4}-/,
    ],
  ]

  it.each(cases)('is said where there is one: %s', async (_what, status, trouble) => {
    await using platform = await withStatuses([status])
    for (const command of ['certs', 'domains']) {
      const rows = JSON.parse((await platform.run(`${command} demo --json`)).out) as { trouble: string | null }[]
      expect(rows[0]?.trouble, command).toEqual(trouble === null ? null : expect.stringMatching(trouble))
    }
    const info = await platform.run('info demo')
    expect(info.out.includes('Trouble')).toBe(trouble !== null)
  })

  it('of a certificate that ends is said in the list of sites', async () => {
    const certificate = facts({ source: 'uploaded', notAfter: inDays(5) })
    await using platform = await withStatuses([{ name, state: 'serving', certificate }])
    expect((await platform.run('sites')).out).toContain(
      '! demo.localhost: its certificate expires in 5 days, and nobody',
    )
  })

  // The attack: a certificate whose names and issuer steer the terminal of whoever lists it.
  it('does not steer a terminal', async () => {
    const issuer = 'A \u001b[2J\u202e CA'
    await using platform = await withStatuses([
      { name, state: 'failing', certificate: facts({ issuer }), reason: '\u001b[2Jx' },
    ])
    for (const command of ['certs demo', 'domains demo', 'info demo'])
      expect((await platform.run(command, { terminal })).out, command).not.toMatch(/\u001b\[2J|\u202e/)
  })
})

describe('domains:add says what is left to do:', () => {
  const add = async (status: Partial<CertificateStatus>, words = 'example.net') => {
    await using platform = await withStatuses([{ name: 'example.net', state: 'waiting', ...status }])
    const { code, out, err } = await platform.run(`domains:add demo ${words}`)
    expect([code, err]).toEqual([0, ''])
    return out
  }

  it('the record to set, and that it is tried again', async () => {
    const reason = 'example.net has no A or AAAA record, so nobody finds it.'
    const out = await add({ reason, record: 'example.net. A 203.0.113.5', nextTryAt: inDays(0) })
    expect(out).toContain(`  ${reason}\n    Set:  example.net. A 203.0.113.5\n`)
    expect(out).toContain('It is tried again by itself; certs:check example.net   looks at once.')
  })

  it('nothing but the address, where all is well', async () => {
    expect(await add({ state: 'serving', certificate: facts() })).toMatch(
      /^✓ demo\.localhost answers to example\.net\n {2}HTTPS serves it: {2}https:\/\/example\.net:8443\n {2}www\./,
    )
  })

  it('also of a name that is made primary: visitors are sent there now', async () => {
    const status = { name: 'example.net', state: 'waiting' as const, reason: 'example.net has no A record.' }
    await using platform = await withStatuses([status])
    await platform.run('domains:add demo example.net')
    const { out } = await platform.run('domains:primary demo example.net --redirect')
    expect(out).toContain('✓ example.net is the primary domain of demo.localhost\n  example.net has no A record.')
  })

  it('that it takes a while, where the DNS or the CA do', async () => {
    let now = Date.now()
    const clock: Clock = { now: () => new Date(now), sleep: (ms) => Promise.resolve(void (now += ms)) }
    const before = now
    await using platform = await createPlatform({
      certificates: { find: (name) => Promise.resolve({ name, state: 'waiting' }) },
      clock,
    })
    await platform.site('demo.localhost', 'anna')
    const { code, out } = await platform.run('domains:add demo shop.example.net')
    expect([code, Math.round((now - before) / 1000)]).toEqual([0, 4])
    expect(out).toContain('Its certificate is on its way, if the DNS leads shop.example.net to this server')
  })

  it('that the other half of a pair was forgotten', async () => {
    const certificate = facts()
    const forgotten = 'is none of its names:  domains:add demo.localhost'
    expect(await add({ certificate })).toContain(`www.example.net ${forgotten} example.net --www`)
    expect(await add({ certificate }, 'www.example.net')).toContain(`example.net ${forgotten} www.example.net --www`)
    for (const words of [
      'example.net --www',
      'shop.example.net',
      '*.example.net',
      'example.net --redirect',
      'shop',
      'www.db',
      'www.co.uk.example',
    ])
      expect(await add({ certificate }, words), words).not.toContain(forgotten)
  })
})
