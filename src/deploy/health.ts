// Waits until an instance answers below 500, or says why it did not: with the last lines of its own log.
import { HostingError } from '../errors/hosting-error.ts'
import { hasErrorCode } from '../lib/files.ts'
import type { HealthCheck } from '../buildpacks/types.ts'
import type { Parts } from './parts.ts'
import { socketPath, visit, type Visited } from './probe.ts'
import { closeOnceListening } from './socket-folder.ts'
import { isRefusedWrite, refusedWriteHint } from './refused-write.ts'

interface Patient {
  readonly instanceId: string
  /** Of the site, as its visitors type it. */
  readonly url: string
  /** Redirections to these are followed: for a proof. Left out for a release that is proven. */
  readonly names?: readonly string[]
  readonly health: HealthCheck
  readonly signal: AbortSignal
  /** What to do when it fails. */
  readonly hint: string
  /** Hides what the lines of its log must not show. */
  readonly mask?: (line: string) => string
}

const logTailLines = 20
const silence = '[health] in hosting.toml sets another path or time limit.'
/** An application that answers 5xx is given a few more chances (it may be warming up), not the whole time limit. */
const badAnswersAllowed = 5

/** @returns what was asked and answered in the end @throws HostingError unhealthy */
export async function waitUntilHealthy(patient: Patient, parts: Parts): Promise<readonly Visited[]> {
  const limit = AbortSignal.any([patient.signal, AbortSignal.timeout(patient.health.timeoutMs)])
  try {
    return await poll(patient, parts, limit)
  } catch (error) {
    patient.signal.throwIfAborted()
    if (error instanceof Unhealthy) throw await unhealthy(error.message, patient, { ...parts, since: error.since })
    if (!limit.aborted) throw error
    throw await unhealthy(
      `did not answer GET ${patient.health.path} within ${patient.health.timeoutMs / 1000} s`,
      patient,
      parts,
    )
  }
}

async function poll(patient: Patient, parts: Parts, signal: AbortSignal): Promise<readonly Visited[]> {
  const { instanceId, health, names = [] } = patient
  const url = new URL(patient.url + health.path)
  const socket = socketPath(parts.config.home, instanceId)
  let badAnswers = 0
  let isClosed = false
  for (let tries = 0; ; tries++) {
    isClosed ||= await closeOnceListening(socket)
    const asked = parts.clock.now()
    const visited = isClosed ? await tryOnce(socket, { url, names, signal }) : undefined
    if (visited !== undefined && isGood(visited)) return visited
    if (visited !== undefined && ++badAnswers === badAnswersAllowed)
      throw new Unhealthy(
        `answered ${visited.map(({ status, path }) => `${status} to GET ${path}`).join(', then ')}`,
        asked,
      )
    // A dead instance will not answer later: asked now and then, the question costs a call to the runtime.
    if (tries % 50 === 49 && (await parts.runtime.status(instanceId)) !== 'running')
      throw new Unhealthy('ended before it answered')
    await parts.clock.sleep(visited === undefined ? Math.min(2 + tries, 50) : 200, signal)
  }
}

function isGood(visited: readonly Visited[]): boolean {
  return visited.every(({ status }) => status < 500)
}

/** The answers, or undefined while nobody listens. */
async function tryOnce(socket: string, options: Parameters<typeof visit>[1]): Promise<Visited[] | undefined> {
  try {
    return await visit(socket, options)
  } catch (error) {
    options.signal.throwIfAborted()
    if (['ENOENT', 'ECONNREFUSED', 'ECONNRESET', 'EPIPE'].some((code) => hasErrorCode(error, code))) return undefined
    throw error
  }
}

class Unhealthy extends Error {
  /** When it was last asked: each time before it has said the same. */
  readonly since: Date | undefined

  constructor(message: string, since?: Date) {
    super(message)
    this.since = since
  }
}

async function unhealthy(
  what: string,
  { instanceId, hint, mask = String }: Patient,
  { runtime, since }: Pick<Parts, 'runtime'> & { since?: Date | undefined },
): Promise<HostingError> {
  const all = await Array.fromAsync(runtime.logs(instanceId, { tail: logTailLines }))
  const latest = since === undefined ? [] : all.filter(({ time }) => time >= since)
  const lines = latest.length === 0 ? all : latest
  return new HostingError('unhealthy', `The new release ${what}`, {
    details: lines.length === 0 ? ['(it wrote nothing to its log)'] : lines.map(({ text }) => mask(text)),
    hint: lines.some(({ text }) => isRefusedWrite(text)) ? refusedWriteHint : `${hint} ${silence}`,
  })
}
