// The connection to Docker Engine: kept open between calls (a new one costs each call a millisecond), its errors told apart here.
import { Agent } from 'node:http'
import Docker from 'dockerode'
import { HostingError } from '../../errors/hosting-error.ts'
import { hasErrorCode } from '../../lib/files.ts'

export type Engine = Docker

export interface EngineConnection {
  readonly engine: Engine
  readonly close: () => void
}

/** Honours DOCKER_HOST as the docker command does. @param socketPath for an Engine elsewhere */
export function connectEngine(socketPath?: string): EngineConnection {
  const agent = new Agent({ keepAlive: true, maxFreeSockets: 16 })
  const options = { agent, ...(socketPath === undefined ? {} : { socketPath }) }
  const engine = new Docker(options)
  return { engine, close: () => agent.destroy() }
}

const connectionLost = ['ECONNREFUSED', 'ECONNRESET', 'EPIPE', 'ENOENT', 'EACCES', 'EPERM'] as const

/** Awaits an answer of Docker. @throws HostingError unavailable when nobody answers */
export async function ask<T>(answer: Promise<T>): Promise<T> {
  try {
    return await answer
  } catch (error) {
    throw isConnectionLost(error) ? unavailable(error) : error
  }
}

/** As `ask`, but the HTTP statuses given are answers too: 404 missing, 304 nothing to do, 409 in the way. */
export async function askUnless<T>(statuses: readonly number[], answer: Promise<T>): Promise<T | undefined> {
  try {
    return await ask(answer)
  } catch (error) {
    if (statuses.includes(statusOf(error))) return undefined
    throw error
  }
}

/** The HTTP status of Docker's answer; 0 for any other error. */
export function statusOf(error: unknown): number {
  if (!(error instanceof Error) || !('statusCode' in error)) return 0
  return typeof error.statusCode === 'number' ? error.statusCode : 0
}

function isConnectionLost(error: unknown): boolean {
  return statusOf(error) === 0 && connectionLost.some((code) => hasErrorCode(error, code))
}

function unavailable(cause: unknown): HostingError {
  const denied = hasErrorCode(cause, 'EACCES') || hasErrorCode(cause, 'EPERM')
  return denied
    ? new HostingError('unavailable', 'Docker does not let this user in', {
        hint: 'Add the user to the group docker and log in again: sudo usermod -aG docker $USER',
        cause,
      })
    : new HostingError('unavailable', 'Docker does not answer', {
        hint: 'Start it: sudo systemctl start docker (without systemd: sudo dockerd)',
        cause,
      })
}
