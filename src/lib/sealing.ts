// Secrets as they lie on the disk: AES-256-GCM under a key that is kept outside the database. What was changed or was sealed with
// another key is refused, never returned as something else.
import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto'

export interface Sealing {
  /** @returns `v1:` and base64 of nonce, tag and ciphertext; another one each time */
  seal(plain: string): string
  /** @throws Error when it was not sealed with this key, or was changed since */
  open(sealed: string): string
}

export const sealingKeyBytes = 32
const algorithm = 'aes-256-gcm'
/** Tells this format from those that may follow it. */
const version = 'v1:'
/** The sizes of NIST SP 800-38D: a random nonce of 96 bits is good for 2^32 values under one key. */
const nonceBytes = 12
const tagBytes = 16

export function createSealing(key: Uint8Array): Sealing {
  if (key.length !== sealingKeyBytes) throw new Error(`A sealing key has ${sealingKeyBytes} bytes, not ${key.length}`)
  return {
    seal(plain) {
      const nonce = randomBytes(nonceBytes)
      const cipher = createCipheriv(algorithm, key, nonce)
      const text = Buffer.concat([cipher.update(plain, 'utf8'), cipher.final()])
      return version + Buffer.concat([nonce, cipher.getAuthTag(), text]).toString('base64')
    },
    open(sealed) {
      const bytes = Buffer.from(sealed.slice(version.length), 'base64')
      if (!sealed.startsWith(version) || bytes.length < nonceBytes + tagBytes)
        throw new Error('This is no sealed value')
      const decipher = createDecipheriv(algorithm, key, bytes.subarray(0, nonceBytes), { authTagLength: tagBytes })
      decipher.setAuthTag(bytes.subarray(nonceBytes, nonceBytes + tagBytes))
      const text = decipher.update(bytes.subarray(nonceBytes + tagBytes))
      return Buffer.concat([text, decipher.final()]).toString('utf8')
    },
  }
}
