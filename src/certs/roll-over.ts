// A new key for the account with the CA, by hand: after a leak, or because a rule says so.
import { HostingError } from '../errors/hosting-error.ts'
import { verdictOn } from './failure.ts'
import type { CertParts } from './parts.ts'

/** @returns the directory of the CA. @throws HostingError */
export async function rollOver({ server, log }: CertParts, signal: AbortSignal): Promise<string> {
  if (server === undefined)
    throw new HostingError('conflict', 'No certificate authority is configured, so there is no account with one', {
      hint: 'acme-directory in the configuration of the platform names one (docs/certificates.md).',
    })
  try {
    await server.rollOver(signal)
  } catch (error) {
    if (error instanceof HostingError) throw error
    const { sentence } = verdictOn(error, (unexpected) => log.error({ err: unexpected }, 'a change of keys failed'))
    throw new HostingError('unavailable', sentence, {
      cause: error,
      hint: 'Both keys are kept until the certificate authority says which one counts: try again later.',
    })
  }
  return server.directory
}
