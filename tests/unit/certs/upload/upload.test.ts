import { createPublicKey, randomBytes, X509Certificate } from 'node:crypto'
import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { judge } from '../../../../src/certs/upload/judge.ts'
import { readUpload } from '../../../../src/certs/upload/upload.ts'
import { HostingError } from '../../../../src/errors/hosting-error.ts'
import { readDomain } from '../../../../src/names/domain-name.ts'
import { ForeignCa, type Leaf } from '../../../helpers/certificates.ts'

let ca: ForeignCa
let leaf: Leaf
beforeAll(async () => {
  ca = await ForeignCa.create()
  leaf = await ca.leaf({ names: ['example.org', '*.example.org'] })
})
afterAll(async () => await ca[Symbol.asyncDispose]())

const read = (
  bytes: string | Buffer,
  { domains = ['example.org', 'www.example.org'], now = new Date(), privateCa = true } = {},
) =>
  readUpload({
    ...{ bytes: Buffer.from(bytes), command: 'ssh git@host certs:upload demo', site: 'demo' },
    ...{ domains: domains.map(readDomain), now, privateCa },
  })

function refusal(bytes: string | Buffer, options?: Parameters<typeof read>[1]): string {
  try {
    read(bytes, options)
  } catch (error) {
    if (!(error instanceof HostingError) || error.code !== 'invalid-certificate') throw error
    return [error.message, ...error.details, error.hint].join('\n')
  }
  throw new Error('It was accepted')
}

describe('an upload', () => {
  it('is put into order, whatever order it came in, without what visitors do not need', () => {
    const pieces = [leaf.certificate, leaf.key, ca.intermediate, ca.root, leaf.certificate]
    fc.assert(
      fc.property(fc.shuffledSubarray(pieces, { minLength: pieces.length }), (shuffled) => {
        const { parts, covered } = read(shuffled.join('some words between\r\n'))
        expect(subjects(parts.fullchain)).toEqual(['example.org', 'Foreign Intermediate'])
        expect(covered).toEqual(['example.org', 'www.example.org'])
        expect(parts.privateKey).toMatch(/^-----BEGIN PRIVATE KEY-----\n/)
      }),
      { numRuns: 20 },
    )
  })

  it('may have line ends of Windows, and a key in its old form', async () => {
    const old = await ca.convert({ 'k.key': leaf.key }, ['ec', '-in', 'k.key', '-out', 'old.key'], 'old.key')
    expect(old.toString()).toContain('BEGIN EC PRIVATE KEY')
    const text = `${leaf.certificate}${ca.intermediate}${old.toString()}`.replaceAll('\n', '\r\n')
    expect(read(text).parts.privateKey).toContain('BEGIN PRIVATE KEY')
  })

  it('tells what it does not cover, what was left out, and that it ends soon', async () => {
    const other = await ca.leaf({ names: ['other.example'], days: 12 })
    const { notes, covered } = read(`${other.certificate}${ca.intermediate}${leaf.certificate}${other.key}`, {
      domains: ['other.example', 'bücher.example'],
    })
    expect(covered).toEqual(['other.example'])
    expect(notes.join('\n')).toMatch(
      /does not cover bücher\.example \(xn--[^]*expires in 11 days[^]*example\.org is not part/,
    )
  })

  it('covers a wildcard domain only with the same wildcard', () => {
    expect(read(whole(), { domains: ['*.example.org', '*.www.example.org'] }).covered).toEqual(['*.example.org'])
    expect(refusal(whole(), { domains: ['a.b.example.org'] })).toContain('none of the names of this site')
  })
})

describe('an upload is refused, and told how to go on:', () => {
  it('a key that belongs to another certificate', async () => {
    const other = await ca.leaf({ names: ['example.org'] })
    expect(refusal(`${leaf.certificate}${ca.intermediate}${other.key}`)).toContain('does not belong to any')
  })

  it('one for names of somebody else', () => {
    const why = refusal(whole(), { domains: ['other.example'] })
    expect(why).toMatch(
      /is for example\.org, \*\.example\.org, and for none[^]*other\.example[^]*domains:add demo example\.org/,
    )
  })

  it('one that has expired, or is not valid yet', () => {
    const later = new Date(Date.now() + 91 * 86_400_000)
    expect(refusal(whole(), { now: later })).toContain('has expired on')
    expect(refusal(whole(), { now: new Date('2020-01-01') })).toContain('on this server it is 2020-01-01')
  })

  it('without its intermediate, or of a CA that browsers do not know', () => {
    expect(refusal(`${leaf.certificate}${leaf.key}`, { privateCa: false })).toContain(
      'The certificate of Foreign Intermediate, which issued that of example.org, is missing',
    )
    expect(refusal(`${whole()}${ca.root}`, { privateCa: false })).toMatch(
      /Foreign Root, which browsers do not know[^]*--private-ca/,
    )
  })

  it('without its intermediate, with where the CA offers it', async () => {
    const { certificate, key } = await ca.leaf({
      names: ['example.org'],
      extensions: 'authorityInfoAccess=caIssuers;URI:http://ca.example/i.der',
    })
    expect(refusal(certificate + key, { privateCa: false })).toContain(
      '(cat site.crt site.key; curl -s http://ca.example/i.der | openssl x509 -inform DER) | ssh git@host certs:upload demo',
    )
  })

  it('weak keys and signatures', async () => {
    const short = await ca.leaf({
      names: ['example.org'],
      algorithm: ['-algorithm', 'RSA', '-pkeyopt', 'rsa_keygen_bits:1024'],
    })
    expect(refusal(short.certificate + ca.intermediate + short.key)).toContain('RSA key of 1024 bits')
    const exotic = await ca.leaf({ names: ['example.org'], algorithm: ['-algorithm', 'ED25519'] })
    expect(refusal(exotic.certificate + ca.intermediate + exotic.key)).toContain('kind ed25519')
    const sha1 = await ca.leaf({ names: ['example.org'], digest: 'sha1' })
    expect(refusal(sha1.certificate + ca.intermediate + sha1.key)).toMatch(/signed with \S*sha1/i)
  })

  // The attack: a key so large that each handshake holds up the sites of all others.
  it('keys that are too slow', async () => {
    // Any number will do: nobody has the key to it, and it takes a minute to make one.
    const modulus = randomBytes(1024).map((byte, index) => (index === 0 ? byte | 0x80 : byte | 1))
    const jwk = { kty: 'RSA', n: Buffer.from(modulus).toString('base64url'), e: 'AQAB' }
    const k = String(createPublicKey({ key: jwk, format: 'jwk' }).export({ type: 'spki', format: 'pem' }))
    const signed = ['-CA', 'intermediate.pem', '-CAkey', 'intermediate.key', '-extfile', 'e', '-out', 'o']
    const made = await ca.convert(
      { k, e: 'subjectAltName=DNS:example.org' },
      ['x509', '-new', '-force_pubkey', 'k', '-subj', '/CN=example.org', ...signed],
      'o',
    )
    const slow = new X509Certificate(made)
    const judging = { leaf: slow, chain: [slow], site: 'demo', domains: [readDomain('example.org')], now: new Date() }
    expect(() => judge(judging)).toThrow('RSA key of 8192 bits, too slow')
    expect(() => judge({ ...judging, chain: Array<X509Certificate>(9).fill(slow) })).toThrow('chain has 9 certificates')
  })

  it('the certificate of a CA', async () => {
    const authority = await ca.leaf({ names: ['example.org'], extensions: 'basicConstraints=critical,CA:TRUE' })
    expect(refusal(authority.certificate + ca.intermediate + authority.key)).toContain('certificate of a CA')
  })

  const formats: readonly [what: string, args: readonly string[], command: string][] = [
    [
      'PKCS#12',
      ['pkcs12', '-export', '-in', 'c', '-inkey', 'k', '-passout', 'pass:x', '-out', 'o'],
      'openssl pkcs12 -in site.p12',
    ],
    [
      'with a password',
      ['pkey', '-in', 'k', '-aes256', '-passout', 'pass:secret', '-out', 'o'],
      'openssl pkey -in site.key',
    ],
    [
      'with a password',
      ['ec', '-in', 'k', '-aes256', '-passout', 'pass:secret', '-out', 'o'],
      'openssl pkey -in site.key',
    ],
    ['PKCS#7', ['crl2pkcs7', '-nocrl', '-certfile', 'c', '-out', 'o'], 'openssl pkcs7 -in site.p7b'],
    ['PKCS#7', ['crl2pkcs7', '-nocrl', '-certfile', 'c', '-outform', 'DER', '-out', 'o'], 'openssl pkcs7 -inform DER'],
    ['binary form', ['x509', '-in', 'c', '-outform', 'DER', '-out', 'o'], 'openssl x509 -inform DER'],
    ['binary form', ['pkey', '-in', 'k', '-outform', 'DER', '-out', 'o'], 'openssl pkey -inform DER'],
    ['CSR', ['req', '-new', '-key', 'k', '-subj', '/CN=x', '-out', 'o'], 'cat site.crt site.key'],
  ]
  it.each(formats)('%s (openssl %j)', async (what, args, command) => {
    const bytes = await ca.convert({ c: leaf.certificate, k: leaf.key }, args, 'o')
    const why = refusal(bytes)
    expect(why).toContain(what)
    expect(why).toContain(command)
    expect(why).toContain('ssh git@host certs:upload demo < site.pem')
  })

  it.each([
    ['nothing', '', 'Nothing was sent'],
    ['UTF-16 of Windows', Buffer.from('\ufeffhello', 'utf16le'), 'UTF-16'],
    ['words', 'hello', 'no certificate'],
    ['digits', '0123456789', 'no certificate'],
    ['a key for SSH', '-----BEGIN OPENSSH PRIVATE KEY-----\nAAAA\n-----END OPENSSH PRIVATE KEY-----\n', 'for SSH'],
  ])('%s', (_what, text, why) => expect(refusal(text)).toContain(why))

  it('a part only, or two keys', async () => {
    expect(refusal(leaf.certificate)).toContain('no private key')
    expect(refusal(leaf.key)).toContain('no certificate')
    expect(refusal(leaf.certificate + leaf.key + (await ca.leaf({ names: ['x.example'] })).key)).toContain(
      'more than one',
    )
  })

  it('whatever else, and no word of the key is ever said', () => {
    const text = whole()
    const secret = leaf.key.split('\n')[1] ?? ''
    fc.assert(
      fc.property(fc.nat(text.length - 1), fc.nat(200), fc.string({ maxLength: 8 }), (at, length, other) => {
        const damaged = text.slice(0, at) + other + text.slice(at + length)
        try {
          read(damaged)
        } catch (error) {
          if (!(error instanceof HostingError)) throw error
          const said = JSON.stringify([error.message, error.details, error.hint, String(error.cause)])
          expect(said).not.toContain(secret.slice(0, 24))
        }
      }),
      { numRuns: 200 },
    )
  })
})

function whole(): string {
  return leaf.certificate + leaf.key + ca.intermediate
}

function subjects(pem: string): string[] {
  const blocks = pem.match(/-----BEGIN [^]*?-----END CERTIFICATE-----/g) ?? []
  return blocks.map((block) => /CN=(.+)/.exec(new X509Certificate(block).subject)?.[1] ?? '')
}
