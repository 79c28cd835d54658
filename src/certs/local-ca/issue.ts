// A certificate for names, signed by the CA of a trial run. Thirteen months: some clients refuse longer ones, whoever has signed them.
import type { webcrypto } from 'node:crypto'
import { keyAlgorithm, keyPem, x509 } from './keys.ts'

interface Issuing {
  readonly certificate: x509.X509Certificate
  readonly key: webcrypto.CryptoKey
  readonly names: readonly string[]
  readonly now: Date
}

const dayMs = 24 * 3600 * 1000
const lifetimeMs = 397 * dayMs
const serverAuth = '1.3.6.1.5.5.7.3.1'

export async function issueLeaf(ca: Issuing): Promise<{ fullchain: string; privateKey: string }> {
  const keys = await crypto.subtle.generateKey(keyAlgorithm, true, ['sign', 'verify'])
  const leaf = await x509.X509CertificateGenerator.create({
    issuer: ca.certificate.subject,
    // A subject may be empty; then the names must be critical (RFC 5280, 4.2.1.6). A common name ends at 64 characters.
    subject: '',
    notBefore: new Date(ca.now.getTime() - 3600_000),
    notAfter: new Date(ca.now.getTime() + lifetimeMs),
    signingAlgorithm: keyAlgorithm,
    publicKey: keys.publicKey,
    signingKey: ca.key,
    extensions: [
      new x509.BasicConstraintsExtension(false, undefined, true),
      new x509.KeyUsagesExtension(x509.KeyUsageFlags.digitalSignature, true),
      new x509.ExtendedKeyUsageExtension([serverAuth]),
      new x509.SubjectAlternativeNameExtension(
        ca.names.map((value) => ({ type: 'dns' as const, value })),
        true,
      ),
      await x509.AuthorityKeyIdentifierExtension.create(ca.certificate.publicKey),
      await x509.SubjectKeyIdentifierExtension.create(keys.publicKey),
    ],
  })
  // Without the CA itself: who trusts it has it (RFC 8446, 4.4.2), and nginx would read it at every handshake.
  return { fullchain: `${leaf.toString('pem')}\n`, privateKey: await keyPem(keys.privateKey) }
}
