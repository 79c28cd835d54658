// Certificates and the key out of what was pasted or piped in, in any order, with whatever else stands between them (RFC 7468, 2).
import { createPrivateKey, type KeyObject, X509Certificate } from 'node:crypto'
import { HostingError } from '../../errors/hosting-error.ts'
import { whyUnreadable } from './other-formats.ts'

export interface Pieces {
  readonly certificates: readonly X509Certificate[]
  readonly key: KeyObject
}

const block = /-----BEGIN ([A-Z0-9 ]+)-----([^-]*)-----END \1-----/g
const certificateLabels = ['CERTIFICATE', 'X509 CERTIFICATE']
const keyLabels = ['PRIVATE KEY', 'RSA PRIVATE KEY', 'EC PRIVATE KEY']

/** @param command what sends them. @throws HostingError invalid-certificate. No message holds anything of the key. */
export function readPieces(bytes: Buffer, command: string): Pieces {
  const wrong = (message: string) =>
    new HostingError('invalid-certificate', message, {
      hint: `Send certificate, chain and key in PEM, in any order:  cat site.crt chain.crt site.key | ${command}`,
    })
  if (bytes.length === 0) throw wrong('Nothing was sent')
  const unreadable = whyUnreadable(bytes, command)
  if (unreadable !== undefined) throw unreadable
  const blocks = [...bytes.toString('latin1').matchAll(block)].map(([, label = '', body = '']) => ({ label, body }))
  const certificates = blocks.filter(({ label }) => certificateLabels.includes(label))
  const keys = blocks.filter(({ label }) => keyLabels.includes(label))
  const [key, another] = distinct(keys)
  if (certificates.length === 0) throw wrong('There is no certificate in what was sent')
  if (key === undefined) throw wrong('There is no private key in what was sent')
  if (another !== undefined) throw wrong('There is more than one private key in what was sent')
  const read = distinct(certificates).map(readCertificate)
  const damaged = read.indexOf(undefined)
  if (damaged !== -1) throw wrong(`The certificate in place ${damaged + 1} is damaged, or was cut off`)
  const readableKey = readKey(key)
  if (readableKey === undefined)
    throw wrong('The private key is damaged, was cut off, or is of a kind that is not known')
  return { certificates: read.filter((each) => each !== undefined), key: readableKey }
}

interface Block {
  readonly label: string
  readonly body: string
}

/** Files are pasted twice, and bundles overlap. */
function distinct(blocks: readonly Block[]): Block[] {
  const byBody = new Map(blocks.map((each) => [each.body.replaceAll(/\s/g, ''), each]))
  return [...byBody.values()]
}

function readCertificate({ body }: Block): X509Certificate | undefined {
  try {
    return new X509Certificate(Buffer.from(body, 'base64'))
  } catch {
    return undefined
  }
}

/** Why it fails is not told: it may hold bytes of the key. */
function readKey({ label, body }: Block): KeyObject | undefined {
  try {
    return createPrivateKey(`-----BEGIN ${label}-----\n${body.trim()}\n-----END ${label}-----\n`)
  } catch {
    return undefined
  }
}
