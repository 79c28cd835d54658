// EC P-256 keys (what Mozilla's guideline and every client knows) as PEM, and the one import of the library that makes certificates.
import 'reflect-metadata'
import { createPrivateKey, createPublicKey, type webcrypto } from 'node:crypto'
import * as x509 from '@peculiar/x509'

export { x509 }

export const keyAlgorithm = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' } as const

/** PKCS #8. */
export async function keyPem(key: webcrypto.CryptoKey): Promise<string> {
  return `${x509.PemConverter.encode(await crypto.subtle.exportKey('pkcs8', key), 'PRIVATE KEY')}\n`
}

/** The key, or undefined when it is not the certificate's. @throws what is no key */
export async function readKey(
  pem: string,
  certificate: x509.X509Certificate,
): Promise<webcrypto.CryptoKey | undefined> {
  const key = createPrivateKey(pem)
  const spki = createPublicKey(key).export({ type: 'spki', format: 'der' })
  if (!spki.equals(Buffer.from(certificate.publicKey.rawData))) return undefined
  return await crypto.subtle.importKey('pkcs8', key.export({ type: 'pkcs8', format: 'der' }), keyAlgorithm, false, [
    'sign',
  ])
}
