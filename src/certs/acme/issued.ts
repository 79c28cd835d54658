// What a CA hands out as our certificate, looked at before it is kept: nginx would serve nothing with it if it were another's, or none.
import { createPrivateKey, X509Certificate } from 'node:crypto'
import { readCertificate } from '../certificate.ts'
import { AcmeUnreachable } from './problem.ts'

const block = /-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g

/** @param answer of the CA: anything. @returns the chain, PEM. @throws AcmeUnreachable: it is asked for again later */
export function checkIssued(answer: unknown, { names, key }: { names: readonly string[]; key: string }): string {
  const why = typeof answer === 'string' ? whyUseless(answer, { names, key }) : 'is no certificate'
  if (why === undefined && typeof answer === 'string') return answer
  throw new AcmeUnreachable(`What the certificate authority sent for ${names.join(', ')} ${why ?? ''}`)
}

function whyUseless(chain: string, { names, key }: { names: readonly string[]; key: string }): string | undefined {
  const blocks = chain.match(block) ?? []
  try {
    const [leaf] = blocks.map((pem) => new X509Certificate(pem))
    if (leaf === undefined) return 'is no certificate'
    if (!leaf.checkPrivateKey(createPrivateKey(key))) return 'is the certificate of another key'
  } catch {
    return 'is a damaged certificate'
  }
  const has = new Set(readCertificate(chain).names)
  const missing = names.filter((name) => !has.has(name))
  return missing.length === 0 ? undefined : `is a certificate without ${missing.join(', ')}`
}
