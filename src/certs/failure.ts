// What became of a try that failed: which names are told what, when they are tried again, and whether the order may be gone on with.
import { HostingError } from '../errors/hosting-error.ts'
import type { Clock } from '../lib/clock.ts'
import { hasErrorCode } from '../lib/files.ts'
import type { CertificateRow } from '../store/certificates.ts'
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
  /** It is down or broken; the names have nothing to do with it. */
  readonly isAuthority?: boolean
}

export const diskFull = 'The disk is full: the new certificate could not be written. Make room on it'

const simple = { names: [], countsAsFailedValidation: false, keepsOrder: false }

/** @param report gets what was unexpected */
export function verdictOn(error: unknown, report: (error: unknown) => void): Verdict {
  if (error instanceof AcmeProblem) return verdictOnProblem(error)
  if (error instanceof AcmeUnreachable)
    return { ...simple, sentence: sentence(error.message), keepsOrder: true, isAuthority: true }
  if (error instanceof HostingError) return { ...simple, sentence: sentence(error.message) }
  if (isDiskFull(error)) return { ...simple, sentence: `${diskFull}.`, keepsOrder: true }
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
    // What it asks for a pause, it gets.
    isAuthority: type !== 'rateLimited' && retryAfterMs === undefined && (type === 'slow' || status >= 500),
  }
}

function sentence(text: string): string {
  return /[.!?]$/.test(text) ? text : `${text}.`
}

type Writing = Pick<CertParts, 'store' | 'clock' | 'log' | 'trouble' | 'isByHand'> & {
  /** For the log. */
  readonly cause?: unknown
}

/** Writes a verdict down. Names that are not to blame are tried again at once, without those that are. */
export async function writeVerdict(rows: readonly WantedName[], verdict: Verdict, writing: Writing): Promise<void> {
  const { store, clock, trouble } = writing
  const { names, countsAsFailedValidation, sentence: reason, record = null } = verdict
  const blamed = names.length === 0 ? rows : rows.filter(({ name }) => names.includes(name))
  await logFailure(blamed, reason, writing)
  // All get one time: what is ordered together stays together.
  const nextAt = await nextTry(blamed, verdict, writing)
  for (const row of blamed)
    await store.wantedNames.update([row.name], {
      reason,
      record,
      failures: failuresOf(row, writing),
      next_at: nextAt,
      ...(names.length === 0 ? {} : { apart: 1 }),
    })
  trouble.note(
    blamed.map(({ name }) => name),
    verdict.isAuthority === true,
  )
  const others = rows.filter((row) => !blamed.includes(row)).map(({ name }) => name)
  if (others.length > 0) await store.wantedNames.update(others, { next_at: clock.now().toISOString() })
  if (countsAsFailedValidation)
    await store.acme.addEvents(blamed.map(({ name }) => ({ kind: 'failed-validation', subject: name })))
}

/** A try before its time counts for nothing: whoever asks often would else wait long. */
function failuresOf(row: WantedName, writing: Pick<Writing, 'clock' | 'isByHand'>): number {
  return isBeforeItsTime(row, writing) ? Math.max(1, row.failures) : row.failures + 1
}

function isBeforeItsTime({ next_at }: WantedName, { clock, isByHand }: Pick<Writing, 'clock' | 'isByHand'>): boolean {
  return isByHand === true && next_at !== null && new Date(next_at) > clock.now()
}

async function nextTry(rows: readonly WantedName[], { retryAfterMs }: Verdict, writing: Writing): Promise<string> {
  const { store, clock } = writing
  const [first] = rows
  const certificate = first?.certificate_id == null ? undefined : await store.certificates.find(first.certificate_id)
  const lifetimeMs =
    certificate === undefined ? undefined : Date.parse(certificate.not_after) - Date.parse(certificate.not_before)
  const failures = Math.max(1, ...rows.map((row) => failuresOf(row, writing)))
  const capMs = lifetimeMs === undefined ? waitingCapMs : renewalCapMs(lifetimeMs)
  const waitMs = backOffMs({ key: first?.name ?? '', failures, retryAfterMs, capMs })
  const at = new Date(clock.now().getTime() + waitMs).toISOString()
  // What was planned stays, or comes earlier; only what the CA asks for, or its limits, may be later.
  const planned = rows.filter((row) => isBeforeItsTime(row, writing)).flatMap(({ next_at }) => next_at ?? [])
  return retryAfterMs === undefined ? ([at, ...planned].sort()[0] ?? at) : at
}

async function logFailure(
  rows: readonly WantedName[],
  reason: string,
  { store, clock, log, cause }: Writing,
): Promise<void> {
  const err = cause === undefined ? {} : { err: cause }
  for (const [id, group] of Map.groupBy(rows, ({ certificate_id }) => certificate_id)) {
    const names = group.map(({ name }) => name)
    const serving = id === null ? undefined : await store.certificates.find(id)
    if (serving === undefined) log.info({ names, reason, ...err }, 'no certificate yet')
    else log.warn({ names, reason, notAfter: serving.not_after, ...err }, failedRenewal(serving, clock))
  }
}

function failedRenewal({ not_after }: CertificateRow, clock: Clock): string {
  return new Date(not_after) > clock.now()
    ? 'a renewal failed; the certificate that was there serves on'
    : 'a renewal failed, and the certificate that serves has expired'
}
