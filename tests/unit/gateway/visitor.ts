// A request without a door: what is written to it can be read, and its client can leave.
import { PassThrough, Readable, Writable } from 'node:stream'
import type { Request } from '../../../src/gateway/session.ts'
import type { Account } from '../../../src/store/accounts.ts'

export const ada: Account = { id: 1, name: 'ada', role: 'admin', mail: null, created_at: '2026-11-21T00:00:00Z' }

export interface Visit {
  readonly request: Request
  stdout(): string
  stderr(): string
  leave(): void
}

export function visitBy(account: Account, options: Partial<Request> & { input?: string } = {}): Visit {
  const { input, ...given } = options
  const written = { stdout: '', stderr: '' }
  const gone = new AbortController()
  const collect = (name: 'stdout' | 'stderr') =>
    new Writable({
      write(chunk: Buffer, _encoding, done) {
        written[name] += chunk.toString()
        done()
      },
    })
  const request: Request = {
    account,
    door: 'ssh',
    remoteAddress: '192.0.2.1',
    stdin: input === undefined ? new PassThrough() : Readable.from([Buffer.from(input)]),
    stdout: collect('stdout'),
    stderr: collect('stderr'),
    gone: gone.signal,
    ...given,
  }
  return { request, stdout: () => written.stdout, stderr: () => written.stderr, leave: () => gone.abort() }
}
