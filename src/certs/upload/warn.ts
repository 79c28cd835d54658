// Warns owners of certificates that end and that nobody renews for them: uploaded ones, and those whose renewal fails. Once a threshold.
import type { Config } from '../../config/load.ts'
import { sshCommand } from '../../config/ssh-command.ts'
import type { Clock } from '../../lib/clock.ts'
import { printable } from '../../errors/render.ts'
import type { Log } from '../../lib/log.ts'
import { shownName } from '../../names/domain-name.ts'
import type { Store } from '../../store/store.ts'
import type { Notice, Notify } from '../notice.ts'
import type { Certificates, ExpiringCertificate } from '../types.ts'
import { dueWarning, firstWarningDays, renderEnd, warningDays } from './expiry.ts'

export interface WarnParts {
  readonly certificates: Pick<Certificates, 'expiringBefore'>
  readonly config: Pick<Config, 'ssh-port' | 'base-domain'>
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
    await warnOfExpiry(parts).catch((error: unknown) =>
      parts.log.error({ err: error }, 'looking for certificates that end failed'),
    )
    await parts.clock.sleep(roundMs, signal)
  }
}

async function warnOf(expiring: ExpiringCertificate, { config, store, notify, clock }: WarnParts): Promise<void> {
  const { id, notAfter } = expiring.certificate
  const due = dueWarning(notAfter, clock.now())
  const site = await store.sites.findById(expiring.siteId)
  if (due === undefined || site === undefined || (await store.expiryWarnings.find(id, due)) !== undefined) return
  const owner = await store.accounts.get(site.owner_id)
  if (owner.mail === null) return
  const addressed = { to: owner.mail, site: site.name, ssh: sshCommand(config), now: clock.now() }
  if ((await notify(noticeOf(expiring, addressed))) !== 'sent') return
  // Of those that were due before, too: nobody is written to about 30 days after a mail about 3.
  for (const days of warningDays) if (days >= due) await store.expiryWarnings.add(id, days)
}

interface Addressed {
  readonly to: string
  readonly site: string
  /** What stands before a command. */
  readonly ssh: string
  readonly now: Date
}

function noticeOf(expiring: ExpiringCertificate, { to, site, ssh, now }: Addressed): Notice {
  const { certificate, names } = expiring
  const end = renderEnd(certificate.notAfter, now)
  return {
    to,
    subject: `${site}: its certificate ${end}`,
    lines: [
      `The certificate of ${names.map(shownName).join(', ')} (site ${site}, issued by`,
      `${printable(certificate.issuer)}) ${end}, on ${certificate.notAfter.toISOString()}.`,
      '',
      ...wayOut(expiring, { site, ssh }),
    ],
  }
}

function wayOut({ renewal, names }: ExpiringCertificate, { site, ssh }: Pick<Addressed, 'site' | 'ssh'>): string[] {
  return renewal === 'by-hand'
    ? [
        'It was uploaded, so the platform does not renew it. Either send a new one:',
        '',
        `  cat site.crt chain.crt site.key | ${ssh} certs:upload ${site}`,
        '',
        'or leave it to the platform:',
        '',
        `  ${ssh} certs:remove ${site}`,
      ]
    : [
        'The platform could not renew it yet, and goes on trying. What stands in the way, and the record to set:',
        '',
        ...names.map((name) => `  ${ssh} certs:check ${name}`),
      ]
}
