// What became of a try that failed: which names are told what, when they are tried again, and whether the order may be gone on with.
import { HostingError } from '../errors/hosting-error.ts'
import { hasErrorCode } from '../lib/files.ts'
import type { WantedName } from '../store/wanted-names.ts'
import { AcmeProblem, AcmeUnreachable } from './acme/problem.ts'
import type { CertParts } from './parts.ts'
import { backOffMs, renewalCapMs, waitingCapMs } from './plan/back-off.ts'

export interface Verdict {
  readonly sentence: string
  readonly record?: string | undefined
  /** Names that are to blame; empty: none in particular. */
  readonly names: readonly string[]
  readonly retryAfterMs?: number | undefined
  /** The CA has looked, and counts it. */
  readonly countsAsFailedValidation: boolean
  /** The order is gone on with at the next try. */
  readonly keepsOrder: boolean
}

const simple = { names: [], countsAsFailedValidation: false, keepsOrder: false }

/** @param report gets what was unexpected */
export function verdictOn(error: unknown, report: (error: unknown) => void): Verdict {
  if (error instanceof AcmeProblem) return verdictOnProblem(error)
  if (error instanceof AcmeUnreachable) return { ...simple, sentence: sentence(error.message), keepsOrder: true }
  if (error instanceof HostingError) return { ...simple, sentence: sentence(error.message) }
  if (isDiskFull(error))
    return {
      ...simple,
      sentence: 'The disk is full: the new certificate could not be written. Make room on it.',
      keepsOrder: true,
    }
  report(error)
  return { ...simple, sentence: 'Something went wrong on the server; its log says what.', keepsOrder: true }
}

/** Of files, or of the database. */
export function isDiskFull(error: unknown): boolean {
  return ['ENOSPC', 'EDQUOT', 'SQLITE_FULL'].some((code) => hasErrorCode(error, code))
}

function verdictOnProblem({ message, type, names, retryAfterMs, status }: AcmeProblem): Verdict {
  return {
    sentence:
      type === 'rateLimited' ? `The certificate authority wants fewer orders: ${sentence(message)}` : sentence(message),
    names,
    retryAfterMs,
    countsAsFailedValidation: type === 'validation',
    keepsOrder: type === 'slow' || status >= 500 || type === 'rateLimited',
  }
}

function sentence(text: string): string {
  return /[.!?]$/.test(text) ? text : `${text}.`
}

/** Writes a verdict down. Names that are not to blame are tried again at once, without those that are. */
export async function writeVerdict(
  rows: readonly WantedName[],
  verdict: Verdict,
  { store, clock }: Pick<CertParts, 'store' | 'clock'>,
): Promise<void> {
  const { names, countsAsFailedValidation, sentence: reason, record = null } = verdict
  const blamed = names.length === 0 ? rows : rows.filter(({ name }) => names.includes(name))
  // All get one time: what is ordered together stays together.
  const nextAt = await nextTry(blamed, verdict, { store, clock })
  for (const { name, failures } of blamed)
    await store.wantedNames.update([name], {
      reason,
      record,
      failures: failures + 1,
      next_at: nextAt,
      ...(names.length === 0 ? {} : { apart: 1 }),
    })
  const others = rows.filter((row) => !blamed.includes(row)).map(({ name }) => name)
  if (others.length > 0) await store.wantedNames.update(others, { next_at: clock.now().toISOString() })
  if (countsAsFailedValidation)
    await store.acme.addEvents(blamed.map(({ name }) => ({ kind: 'failed-validation', subject: name })))
}

async function nextTry(
  rows: readonly WantedName[],
  { retryAfterMs }: Verdict,
  { store, clock }: Pick<CertParts, 'store' | 'clock'>,
): Promise<string> {
  const [first] = rows
  const certificate = first?.certificate_id == null ? undefined : await store.certificates.find(first.certificate_id)
  const lifetimeMs =
    certificate === undefined ? undefined : Date.parse(certificate.not_after) - Date.parse(certificate.not_before)
  const failures = Math.max(0, ...rows.map((row) => row.failures)) + 1
  const capMs = lifetimeMs === undefined ? waitingCapMs : renewalCapMs(lifetimeMs)
  const waitMs = backOffMs({ key: first?.name ?? '', failures, retryAfterMs, capMs })
  return new Date(clock.now().getTime() + waitMs).toISOString()
}
