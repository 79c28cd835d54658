// Public SSH keys as people paste them: one line of OpenSSH's format, or RFC 4716. Refused: DSA, RSA below 2048 bits, options,
// certificates, and private keys, which are never stored nor repeated in a message.
import { createHash, createPublicKey } from 'node:crypto'
import ssh2, { type ParsedKey } from 'ssh2'
import { HostingError } from '../errors/hosting-error.ts'

export interface PublicKey {
  /** As OpenSSH shows it: SHA256:… */
  readonly fingerprint: string
  /** `ssh-ed25519 AAAA…`, without a comment. */
  readonly publicKey: string
  readonly comment: string
}

const kinds = ['ssh-ed25519', 'ecdsa-sha2-nistp256', 'ecdsa-sha2-nistp384', 'ecdsa-sha2-nistp521', 'ssh-rsa']
const leastRsaBits = 2048
const maxCommentLength = 100
const howToMakeOne = 'Make one with: ssh-keygen -t ed25519   and give the file that ends in .pub'

/** @throws HostingError invalid-key, which never holds any of the text */
export function parsePublicKey(text: string): PublicKey {
  refuseWhatIsNoPublicKey(text)
  const key = parsed(text.trim())
  if (!kinds.includes(key.type)) throw invalid(`Keys of the kind ${key.type} are not accepted`)
  refuseWeak(key)
  const blob = key.getPublicSSH()
  return {
    fingerprint: fingerprintOf(blob),
    publicKey: `${key.type} ${blob.toString('base64')}`,
    comment: key.comment.trim().slice(0, maxCommentLength),
  }
}

/** The SHA-256 fingerprint of a key's wire format (RFC 4253, 6.6), as ssh-keygen -l prints it. */
export function fingerprintOf(blob: Buffer): string {
  return `SHA256:${createHash('sha256').update(blob).digest('base64').replace(/=+$/, '')}`
}

function refuseWhatIsNoPublicKey(text: string): void {
  if (/PRIVATE KEY|PuTTY-User-Key-File/.test(text))
    throw new HostingError(
      'invalid-key',
      'That is a private key: it must never leave your machine, and it was not kept',
      {
        hint: 'Give the file beside it that ends in .pub. If others could see what you pasted, make a new pair.',
      },
    )
  if (/^\s*sk-/.test(text)) throw invalid('Keys that live on a security token (sk-…) are not accepted yet')
  if (/-cert-v01@openssh\.com\s/.test(text)) throw invalid('Certificates are not accepted')
  if (/^\s*\S*[=,]\S*\s.*(ssh-|ecdsa-)/.test(text))
    throw invalid('Options before a key (from=…, command=…) are not accepted')
  const lines = text.trim().split('\n')
  if (lines.length > 1 && !text.includes('BEGIN SSH2'))
    throw invalid('More than one line was given; add one key at a time')
}

function parsed(text: string): ParsedKey {
  const key = parseOrThrow(text)
  if (key instanceof Error) throw invalid('That is not a public SSH key')
  return key
}

/** ssh2 returns most mistakes, and throws on some: a modulus of length 0, for one. */
function parseOrThrow(text: string): ParsedKey | Error {
  try {
    return ssh2.utils.parseKey(text)
  } catch (error) {
    return error instanceof Error ? error : new Error('not a key')
  }
}

function refuseWeak(key: ParsedKey): void {
  if (key.type !== 'ssh-rsa') return
  const bits = createPublicKey(key.getPublicPEM()).asymmetricKeyDetails?.modulusLength ?? 0
  if (bits < leastRsaBits) throw invalid(`An RSA key of ${bits} bits is too weak; ${leastRsaBits} are the least`)
}

function invalid(message: string): HostingError {
  return new HostingError('invalid-key', message, { hint: howToMakeOne })
}
