import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { createSite } from '../../../../src/access/sites.ts'
import type { Notice } from '../../../../src/certs/notice.ts'
import type { ExpiringCertificate } from '../../../../src/certs/types.ts'
import { dueWarning } from '../../../../src/certs/upload/expiry.ts'
import { warnOfExpiry } from '../../../../src/certs/upload/warn.ts'
import { loadConfig } from '../../../../src/config/load.ts'
import type { Clock } from '../../../../src/lib/clock.ts'
import { silentLog } from '../../../../src/lib/log.ts'
import { parseHostName } from '../../../../src/names/host-name.ts'
import { openStore, type Store } from '../../../../src/store/store.ts'

const end = new Date('2027-03-31T12:00:00Z')
const daysBefore = (days: number) => new Date(end.getTime() - days * 86_400_000)

it.each([
  [31, undefined],
  [30, 30],
  [14.1, 30],
  [14, 14],
  [3, 3],
  [0, 3],
  [-5, 3],
])('%d days before its end a warning is due: %s', (days, due) => expect(dueWarning(end, daysBefore(days))).toBe(due))

describe('warnings', () => {
  let now = new Date(0)
  const clock: Clock = { now: () => now, sleep: () => Promise.resolve() }
  let store: Store
  let sent: Notice[]
  let expiring: ExpiringCertificate[]
  let answer: () => Promise<'sent' | 'no-relay'>
  const config = loadConfig({ flags: { 'base-domain': 'apps.example.org' }, env: {} })

  beforeEach(async () => {
    store = await openStore(':memory:', clock)
    const account = await store.accounts.add('anna', 'user')
    const site = await createSite({ store, config, account, name: parseHostName('demo.localhost') })
    await store.accounts.setMail(account.id, 'anna@example.org')
    const certificate = {
      id: 'c1',
      source: 'uploaded' as const,
      names: ['demo.localhost'],
      issuer: 'A CA',
      notBefore: new Date(0),
      notAfter: end,
    }
    expiring = [{ siteId: site.id, certificate, renewal: 'by-hand', names: ['demo.localhost'] }]
    sent = []
    answer = () => Promise.resolve('sent')
  })
  afterEach(async () => await store.close())

  async function at(days: number): Promise<number> {
    now = daysBefore(days)
    const before = sent.length
    const notify = (notice: Notice) => {
      sent.push(notice)
      return answer()
    }
    const expiringBefore = (time: Date) =>
      Promise.resolve(expiring.filter(({ certificate }) => certificate.notAfter < time))
    await warnOfExpiry({ certificates: { expiringBefore }, config, store, notify, clock, log: silentLog })
    return sent.length - before
  }

  it('are sent 30, 14 and 3 days before, once each, however often one looks', async () => {
    const counts = []
    for (const days of [40, 31, 29.9, 29, 20, 14, 13, 4, 3, 2, 0, -1]) counts.push([days, await at(days)])
    expect(counts.filter(([, count]) => count === 1).map(([days]) => days)).toEqual([29.9, 14, 3])
    expect(sent[0]).toMatchObject({
      to: 'anna@example.org',
      subject: 'demo.localhost: its certificate expires in 29 days',
    })
    expect(sent[0]?.lines).toContain(
      '  cat site.crt chain.crt site.key | ssh -p 2222 git@apps.example.org certs:upload demo.localhost',
    )
  })

  it('are not made up for: who is warned of 3 days is not warned of 30 as well', async () => {
    expect([await at(2), await at(1)]).toEqual([1, 0])
  })

  it('come again when they could not be sent, or there was no address', async () => {
    answer = () => Promise.reject(new Error('the relay is away'))
    expect(await at(20)).toBe(1)
    answer = () => Promise.resolve('sent')
    expect([await at(19), await at(18)]).toEqual([1, 0])
    const owner = (await store.accounts.find('anna'))!
    await store.accounts.setMail(owner.id, null)
    expect(await at(10)).toBe(0)
    await store.accounts.setMail(owner.id, 'anna@example.org')
    expect(await at(9)).toBe(1)
  })

  it('say what stands in the way where the platform fails to renew', async () => {
    expiring = expiring.map((each) => ({ ...each, renewal: 'failing', names: ['demo.localhost', 'www.example.net'] }))
    expect(await at(-1)).toBe(1)
    expect(sent[0]?.subject).toBe('demo.localhost: its certificate has expired on 2027-03-31')
    expect(sent[0]?.lines.slice(-2)).toEqual([
      '  ssh -p 2222 git@apps.example.org certs:check demo.localhost',
      '  ssh -p 2222 git@apps.example.org certs:check www.example.net',
    ])
  })

  // The attack: a certificate whose issuer ends a line, to write the rest of the mail.
  it('are in our words only, whatever a certificate says of its issuer', async () => {
    expiring = expiring.map((each) => ({
      ...each,
      certificate: {
        ...each.certificate,
        issuer: 'A CA\r\n\r\nYour password has to be changed: \u001b[1mhttps://evil.example',
      },
    }))
    expect(await at(2)).toBe(1)
    expect(sent[0]?.lines.join('')).not.toMatch(/[\r\n\u001b]/)
    expect(sent[0]?.subject).not.toContain('CA')
  })

  it('are about the certificate that serves: a new one has its own', async () => {
    expect(await at(2)).toBe(1)
    expiring = expiring.map((each) => ({ ...each, certificate: { ...each.certificate, id: 'c2' } }))
    expect(await at(1)).toBe(1)
    expect(await store.expiryWarnings.find('c1', 3)).toBeUndefined()
  })
})
