// What is uploaded by mistake, known by its bytes, and the command that makes PEM of it. Passwords are openssl's to ask for, never ours.
import { HostingError } from '../../errors/hosting-error.ts'

interface Format {
  readonly name: string
  /** That make site.pem of it. */
  readonly commands: readonly string[]
  matches(bytes: Buffer): boolean
}

/** PFX ::= SEQUENCE { version 3, … } (RFC 7292, 4); the object identifiers are of data, signedData and their kind. */
const isPkcs12 = (bytes: Buffer) =>
  isSequence(bytes) && bytes.subarray(0, 16).includes(Buffer.from([0x02, 0x01, 0x03, 0x30]))
const isPkcs7 = (bytes: Buffer) =>
  isSequence(bytes) && bytes.subarray(0, 20).includes(Buffer.from('06092a864886f70d010702', 'hex'))
/** In DER, of any length that a certificate or a key has: text may start with the same byte. */
const isSequence = (bytes: Buffer) =>
  bytes[0] === 0x30 && ([0x81, 0x82, 0x83].includes(bytes[1] ?? 0) || bytes[1] === bytes.length - 2)
const startsWith = (hex: string) => (bytes: Buffer) => bytes.subarray(0, hex.length / 2).equals(Buffer.from(hex, 'hex'))
const holds = (label: string) => (bytes: Buffer) => bytes.includes(`-----BEGIN ${label}-----`)

/** Windows still writes ciphers that OpenSSL 3 opens on request only. */
const fromPkcs12 = 'openssl pkcs12 -in site.p12 -nodes -out site.pem   (with -legacy if it says "unsupported")'

const formats: readonly Format[] = [
  {
    name: 'a PKCS#12 file (.p12, .pfx)',
    commands: [fromPkcs12],
    matches: isPkcs12,
  },
  {
    name: 'a Java key store',
    commands: [
      'keytool -importkeystore -srckeystore site.jks -destkeystore site.p12 -deststoretype PKCS12',
      fromPkcs12,
    ],
    matches: startsWith('feedfeed'),
  },
  {
    name: 'PKCS#7 (.p7b), which holds no key',
    commands: ['openssl pkcs7 -in site.p7b -print_certs -out chain.pem', 'cat chain.pem site.key > site.pem'],
    matches: holds('PKCS7'),
  },
  {
    name: 'PKCS#7 (.p7b), which holds no key',
    commands: [
      'openssl pkcs7 -inform DER -in site.p7b -print_certs -out chain.pem',
      'cat chain.pem site.key > site.pem',
    ],
    matches: isPkcs7,
  },
  {
    name: 'a private key with a password',
    commands: ['openssl pkey -in site.key -out open.key', 'cat site.crt open.key > site.pem'],
    matches: (bytes) => holds('ENCRYPTED PRIVATE KEY')(bytes) || bytes.includes('Proc-Type: 4,ENCRYPTED'),
  },
  {
    name: 'a key for SSH, not for a certificate',
    commands: ['cat site.crt site.key > site.pem'],
    matches: holds('OPENSSH PRIVATE KEY'),
  },
  {
    name: 'a request for a certificate (CSR), not the certificate that the CA made of it',
    commands: ['cat site.crt site.key > site.pem'],
    matches: (bytes) =>
      (holds('CERTIFICATE REQUEST')(bytes) || holds('NEW CERTIFICATE REQUEST')(bytes)) && !holds('CERTIFICATE')(bytes),
  },
  {
    name: 'text in UTF-16, as some editors of Windows save it',
    commands: ['iconv -f UTF-16 -t UTF-8 site.txt > site.pem'],
    matches: (bytes) => startsWith('fffe')(bytes) || startsWith('feff')(bytes),
  },
  {
    name: 'a certificate or key in its binary form (DER)',
    commands: [
      'openssl x509 -inform DER -in site.cer -out site.crt',
      'openssl pkey -inform DER -in site.der -out site.key',
      'cat site.crt site.key > site.pem',
    ],
    matches: isSequence,
  },
]

/** @param command what sends an upload. Undefined for what may be PEM as it is wanted. */
export function whyUnreadable(bytes: Buffer, command: string): HostingError | undefined {
  const format = formats.find((each) => each.matches(bytes))
  if (format === undefined) return undefined
  const commands = [...format.commands, `${command} < site.pem`]
  return new HostingError('invalid-certificate', `What was sent is ${format.name}`, {
    details: ['Convert it on your own machine, then send the result:', ...commands.map((line) => `  ${line}`)],
    hint: 'Remove site.pem afterwards: the key in it has no password.',
  })
}
