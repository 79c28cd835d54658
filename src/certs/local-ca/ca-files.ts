// The CA's certificate and key on the disk. Who trusts the certificate trusts whoever has the key: it leaves this directory never.
import type { webcrypto } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { absentAsUndefined, ensureDirectory, writeFileAtomic } from '../../lib/files.ts'
import { keyAlgorithm, keyPem, readKey, x509 } from './keys.ts'
import { nameConstraint } from './name-constraint.ts'
import { caCertificatePath } from './path.ts'

export interface CaFiles {
  /** Of the certificate. */
  readonly path: string
  readonly certificate: x509.X509Certificate
  readonly key: webcrypto.CryptoKey
}

interface Wanted {
  readonly directory: string
  readonly name: string
  readonly baseDomain: string
  readonly now: Date
}

const dayMs = 24 * 3600 * 1000
const lifetimeMs = 10 * 365 * dayMs
/** Longer than any certificate it signs lives. */
const leastLeftMs = 400 * dayMs

/** Reads them; makes new ones where there are none, the base domain is another one by now, or their end is near. */
export async function ensureCaFiles(wanted: Wanted): Promise<CaFiles> {
  const path = caCertificatePath({ localCa: wanted.directory })
  const keyPath = join(wanted.directory, 'ca.key')
  const [pem, privateKey] = await Promise.all([read(path), read(keyPath)])
  const found = pem === undefined || privateKey === undefined ? undefined : await parse(pem, privateKey)
  if (found !== undefined && isFit(found.certificate, wanted)) return { path, ...found }
  const made = await makeCa(wanted)
  await ensureDirectory(wanted.directory, 0o755)
  // The key first: a certificate that a crash left without its key is made anew, one that has it counts.
  await writeFileAtomic(keyPath, await keyPem(made.key), 0o600)
  await writeFileAtomic(path, `${made.certificate.toString('pem')}\n`, 0o644)
  return { path, ...made }
}

async function read(path: string): Promise<string | undefined> {
  return await absentAsUndefined(readFile(path, 'utf8'))
}

/** Undefined where they are damaged, or where a crash left the key of one and the certificate of another. */
async function parse(pem: string, privateKey: string): Promise<Pick<CaFiles, 'certificate' | 'key'> | undefined> {
  try {
    const certificate = new x509.X509Certificate(pem)
    const key = await readKey(privateKey, certificate)
    return key === undefined ? undefined : { certificate, key }
  } catch {
    return undefined
  }
}

function isFit(certificate: x509.X509Certificate, { baseDomain, now }: Wanted): boolean {
  const constraint = certificate.getExtension(nameConstraint.oid)?.value
  return (
    constraint !== undefined &&
    Buffer.from(constraint).equals(nameConstraint.below(baseDomain)) &&
    certificate.notAfter.getTime() - now.getTime() > leastLeftMs
  )
}

async function makeCa({ name, baseDomain, now }: Wanted): Promise<Pick<CaFiles, 'certificate' | 'key'>> {
  const keys = await crypto.subtle.generateKey(keyAlgorithm, true, ['sign', 'verify'])
  const certificate = await x509.X509CertificateGenerator.createSelfSigned({
    name: [{ O: ['Hosting'] }, { CN: [name] }],
    notBefore: new Date(now.getTime() - dayMs),
    notAfter: new Date(now.getTime() + lifetimeMs),
    signingAlgorithm: keyAlgorithm,
    keys,
    extensions: [
      new x509.BasicConstraintsExtension(true, 0, true),
      new x509.KeyUsagesExtension(x509.KeyUsageFlags.keyCertSign | x509.KeyUsageFlags.cRLSign, true),
      new x509.Extension(nameConstraint.oid, true, nameConstraint.below(baseDomain)),
      await x509.SubjectKeyIdentifierExtension.create(keys.publicKey),
    ],
  })
  return { certificate, key: keys.privateKey }
}
