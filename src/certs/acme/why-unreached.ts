// Why a CA could not be asked, after "it does not answer: ", with what to do where that is known. Pure.
import { shown } from './clock-check.ts'

const unknownAuthority = 'its own HTTPS is signed by nobody known here (acme-ca-file names whom to trust)'

const known: Readonly<Record<string, string>> = {
  ENOTFOUND: 'its name is not in the DNS',
  EAI_AGAIN: 'the name servers of this machine (/etc/resolv.conf) do not answer',
  SELF_SIGNED_CERT_IN_CHAIN: unknownAuthority,
  DEPTH_ZERO_SELF_SIGNED_CERT: unknownAuthority,
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: unknownAuthority,
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: unknownAuthority,
}

export function whyUnreached(error: unknown, { timeoutMs, now }: { timeoutMs: number; now: Date }): string {
  if (!(error instanceof Error)) return 'for an unknown reason'
  if (error.name === 'AbortError' || error.name === 'TimeoutError') return `nothing within ${timeoutMs / 1000} s`
  const code = 'code' in error && typeof error.code === 'string' ? error.code : undefined
  if (code === 'CERT_HAS_EXPIRED' || code === 'CERT_NOT_YET_VALID')
    return `the certificate of its own HTTPS is not valid at ${shown(now)}: is the clock of this server right?`
  return known[code ?? ''] ?? code ?? error.message
}
