// Warns owners of certificates that end and that nobody renews for them: uploaded ones, and those whose renewal fails. Once a threshold.
import type { Clock } from '../../lib/clock.ts'
import type { Log } from '../../lib/log.ts'
import { shownName } from '../../names/domain-name.ts'
import type { Store } from '../../store/store.ts'
import type { Notice, Notify } from '../notice.ts'
import type { Certificates, ExpiringCertificate } from '../types.ts'
import { daysUntil, dueWarning, firstWarningDays, warningDays } from './expiry.ts'

export interface WarnParts {
  readonly certificates: Pick<Certificates, 'expiringBefore'>
  readonly store: Store
  readonly notify: Notify
  readonly clock: Clock
  readonly log: Log
}

const dayMs = 86_400_000
const roundMs = dayMs / 4

/** One that could not be sent, or has no address to go to, is tried again with the next round. */
export async function warnOfExpiry(parts: WarnParts): Promise<void> {
  const { certificates, store, clock, log } = parts
  const expiring = await certificates.expiringBefore(new Date(clock.now().getTime() + firstWarningDays * dayMs))
  for (const each of expiring)
    await warnOf(each, parts).catch((error: unknown) =>
      log.error(
        { err: error, certificate: each.certificate.id },
        'an owner could not be warned of a certificate that ends',
      ),
    )
  await store.expiryWarnings.keepOnly(expiring.map(({ certificate }) => certificate.id))
}

/** Until the signal aborts. */
export async function watchExpiry(parts: WarnParts, signal: AbortSignal): Promise<void> {
  while (!signal.aborted) {
    await warnOfExpiry(parts)
    await parts.clock.sleep(roundMs, signal)
  }
}

async function warnOf(expiring: ExpiringCertificate, { store, notify, clock }: WarnParts): Promise<void> {
  const { id, notAfter } = expiring.certificate
  const due = dueWarning(notAfter, clock.now())
  const site = await store.sites.findById(expiring.siteId)
  if (due === undefined || site === undefined || (await store.expiryWarnings.find(id, due)) !== undefined) return
  const owner = await store.accounts.get(site.owner_id)
  if (owner.mail === null) return
  if ((await notify(noticeOf(expiring, { to: owner.mail, site: site.name, now: clock.now() }))) !== 'sent') return
  // Of those that were due before, too: nobody is written to about 30 days after a mail about 3.
  for (const days of warningDays) if (days >= due) await store.expiryWarnings.add(id, days)
}

interface Addressed {
  readonly to: string
  readonly site: string
  readonly now: Date
}

function noticeOf({ certificate, names }: ExpiringCertificate, { to, site, now }: Addressed): Notice {
  const days = daysUntil(certificate.notAfter, now)
  const when =
    days < 0 ? 'has expired' : days === 0 ? 'expires today' : `expires in ${days} day${days === 1 ? '' : 's'}`
  const why =
    certificate.source === 'uploaded'
      ? [
          'It was uploaded, so the platform does not renew it. Either send a new one:',
          `  cat site.crt chain.crt site.key | ssh … certs:upload ${site}`,
          'or leave it to the platform:',
          `  ssh … certs:remove ${site}`,
        ]
      : [
          'The platform could not renew it. What stands in the way, and the record to set:',
          `  ssh … certs:check ${names[0] ?? site}`,
        ]
  return {
    to,
    subject: `${site}: its certificate ${when}`,
    lines: [
      `The certificate of ${names.map(shownName).join(', ')} (site ${site}, issued by ${certificate.issuer}) ${when}, on ${certificate.notAfter.toISOString()}.`,
      '',
      ...why,
    ],
  }
}
