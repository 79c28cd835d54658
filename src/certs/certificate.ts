// Reads a certificate (PEM, the leaf of a chain): what it is for, how long, and how its CA knows it.
import 'reflect-metadata'
import { X509Certificate } from 'node:crypto'
import { AuthorityKeyIdentifierExtension, X509Certificate as ParsedCertificate } from '@peculiar/x509'

export interface CertificateContent {
  /** DNS names, in lower case. */
  readonly names: readonly string[]
  readonly issuer: string
  readonly notBefore: Date
  readonly notAfter: Date
  /** SHA-256 over the DER form, in hex with colons. */
  readonly fingerprint: string
  /** Its id for renewal information (RFC 9773, 4.1). Null where it doesn't say which key signed it. */
  readonly ariId: string | null
}

/** @throws Error when it is no certificate */
export function readCertificate(pem: string): CertificateContent {
  const leaf = new X509Certificate(pem)
  return {
    names: namesOf(leaf),
    issuer: /^(?:O|CN)=(.*)$/m.exec(leaf.issuer)?.[1] ?? leaf.issuer,
    notBefore: leaf.validFromDate,
    notAfter: leaf.validToDate,
    fingerprint: leaf.fingerprint256,
    ariId: ariIdOf(leaf),
  }
}

function namesOf({ subjectAltName = '' }: X509Certificate): string[] {
  return subjectAltName.split(', ').flatMap((entry) => (entry.startsWith('DNS:') ? [entry.slice(4).toLowerCase()] : []))
}

/** base64url(key identifier of the issuer) "." base64url(serial number as in DER, where a leading 1 bit has a zero byte before it). */
function ariIdOf(leaf: X509Certificate): string | null {
  const keyId = new ParsedCertificate(leaf.raw).getExtension(AuthorityKeyIdentifierExtension)?.keyId
  if (keyId === undefined) return null
  const hex = leaf.serialNumber.length % 2 === 0 ? leaf.serialNumber : `0${leaf.serialNumber}`
  const serial = Buffer.from(/^[89a-f]/i.test(hex) ? `00${hex}` : hex, 'hex')
  return `${Buffer.from(keyId, 'hex').toString('base64url')}.${serial.toString('base64url')}`
}
