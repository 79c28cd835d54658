// The certificates of the platform, as commands and deploys see them (types.ts). Every request is written down first and done in the background.
import { HostingError } from '../errors/hosting-error.ts'
import type { WantedName } from '../store/wanted-names.ts'
import { createAcmeServer } from './acme/server.ts'
import { removeUnserved } from './adopt.ts'
import { createAuthorityTrouble } from './authority-trouble.ts'
import { type Background, createBackground } from './background.ts'
import { tokenFilesIn } from './challenges/http.ts'
import { check } from './check.ts'
import { ownAddresses } from '../access/own-addresses.ts'
import { createDnsRecords } from './dns/records.ts'
import { createDoctor } from './doctor/doctor.ts'
import { diskFull, isDiskFull } from './failure.ts'
import { certificateFilesIn } from './files.ts'
import { wantOwnNames } from './own-names.ts'
import type { CertificatesOptions, CertParts } from './parts.ts'
import { createResumption } from './resumption.ts'
import { rollOver } from './roll-over.ts'
import { expiring, statusesOf } from './status.ts'
import type { Certificates, CertificateStatus } from './types.ts'
import { findCovering } from './upload/covering.ts'
import { install } from './upload/install.ts'

/** @throws HostingError invalid-config */
export function createCertificates(options: CertificatesOptions): Certificates {
  const parts = partsFrom(options)
  const { store, clock, tls } = parts
  const background = createBackground(parts)
  const resumption = createResumption(parts, background)
  const find = async (name: string) => {
    const row = await store.wantedNames.find(name)
    return row === undefined ? undefined : (await statusesOf([row], store))[0]
  }
  const forget = async (name: string) => {
    const known = await store.wantedNames.find(name)
    await store.wantedNames.remove(name)
    await tls.withdraw(name)
    if (known?.certificate_id != null) await removeUnserved(known.certificate_id, parts)
    resumption.sweepSoon()
  }
  return {
    find,
    of: async ({ id }) => await statusesOf(await store.wantedNames.listOf(id), store),
    expiringBefore: (time) => expiring(time, store),
    async want(site, name) {
      const known = await store.wantedNames.find(name)
      if (known?.site_id === site.id) return
      if (known !== undefined) await store.wantedNames.remove(name)
      const covering = await findCovering({ siteId: site.id, name, now: clock.now() }, store)
      await store.wantedNames.add(name, site.id, covering)
      if (covering !== undefined) await tls.serve(name, covering)
      background.poke()
    },
    forget,
    async wantOwn(names) {
      await wantOwnNames(names, parts, forget)
      background.poke()
    },
    renew: (name, signal) => renew(name, { parts, background, find, signal }),
    check: (name, signal = new AbortController().signal) => check(name, { parts, background, signal }),
    install: (site, given) => install(site, given, parts),
    async release(names) {
      const now = clock.now().toISOString()
      if (names.length > 0) await store.wantedNames.update(names, { next_at: now, renew_at: now })
      background.poke()
    },
    rollOver: (signal = new AbortController().signal) => rollOver(parts, signal),
    start: () => resumption.start(),
    stop: () => resumption.stop(),
  }
}

function partsFrom(options: CertificatesOptions): CertParts {
  const { config, groupId } = options
  const tokens = tokenFilesIn(config.home)
  const records = createDnsRecords(config)
  const server = createAcmeServer(options)
  const own = () => ownAddresses(config)
  const doctor = createDoctor({ config, server, records, tokens, own })
  const files = certificateFilesIn(config.home, groupId)
  return { ...options, server, doctor, tokens, records, own, files, trouble: createAuthorityTrouble(options) }
}

interface ByHand {
  readonly parts: CertParts
  readonly background: Background
  readonly signal: AbortSignal | undefined
}

async function renew(
  name: string,
  { parts, background, find, signal }: ByHand & { find: Certificates['find'] },
): Promise<CertificateStatus> {
  const before = await find(name)
  if (before === undefined)
    throw new HostingError('not-found', `No site answers to ${name}`, { hint: 'sites lists yours.' })
  if (before.certificate?.source === 'uploaded')
    throw new HostingError('conflict', `${name} is served with a certificate that was uploaded`, {
      hint: 'certs:upload replaces it; certs:remove leaves it to the platform.',
    })
  await untilAborted(background.attendNow(await companionsOf(name, parts), true), signal).catch((error: unknown) => {
    // Not even the reason could be written down then.
    throw isDiskFull(error) ? new HostingError('unavailable', diskFull, { cause: error }) : error
  })
  const after = await find(name)
  if (after?.certificate !== undefined && after.certificate.id !== before.certificate?.id) return after
  throw new HostingError('conflict', after?.reason ?? `${name} was not renewed`, {
    details: after?.record === undefined ? [] : ['Set this record:', `  ${after.record}`],
    hint: `certs:check ${name}   says what stands in the way.`,
  })
}

/** Whoever shares its certificate. */
async function companionsOf(name: string, { store }: CertParts): Promise<WantedName[]> {
  const row = await store.wantedNames.find(name)
  if (row === undefined) return []
  return row.certificate_id === null || row.apart === 1 ? [row] : await store.wantedNames.servedBy(row.certificate_id)
}

async function untilAborted(work: Promise<void>, signal: AbortSignal | undefined): Promise<void> {
  if (signal === undefined) {
    await work
    return
  }
  signal.throwIfAborted()
  const { promise, reject } = Promise.withResolvers<never>()
  const abort = () => reject(new Error('the visitor has gone', { cause: signal.reason }))
  signal.addEventListener('abort', abort, { once: true })
  try {
    await Promise.race([work, promise])
  } finally {
    signal.removeEventListener('abort', abort)
  }
}
