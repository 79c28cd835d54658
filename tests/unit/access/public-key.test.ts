import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { anyText } from '../../helpers/any-text.ts'
import { parsePublicKey } from '../../../src/access/public-key.ts'
import { HostingError } from '../../../src/errors/hosting-error.ts'
import { dsaKey, makeKey, makeRsaKey } from './pasted-keys.ts'

const pair = makeKey('me@laptop with a comment')

describe('a public key', () => {
  it('has the fingerprint that ssh-keygen -l shows', () => {
    const key = 'ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIOMqqnkVzrm0SdG6UOoqKLsabgH5C9okWi0dh2l9GKJl example'
    expect(parsePublicKey(key)).toEqual({
      fingerprint: 'SHA256:+DiY3wvvV6TuJJhbpZisF/zLDA0zPMSvHdkr4UvCOqU',
      publicKey: key.replace(' example', ''),
      comment: 'example',
    })
  })

  it.each([
    ['ed25519', pair.public],
    ['ecdsa', makeKey('x', 'ecdsa').public],
    ['rsa of 2048 bits', makeRsaKey(2048).public],
    ['with spaces around and a carriage return', `  ${pair.public}\r\n`],
    ['without a comment', pair.public.split(' ').slice(0, 2).join(' ')],
  ])('is accepted: %s', (_what, text) => {
    expect(parsePublicKey(text).publicKey).toBe(text.trim().split(' ').slice(0, 2).join(' '))
  })

  it.each([
    ['nothing', '', 'not a public SSH key'],
    ['a word', 'hello', 'not a public SSH key'],
    ['half a key', pair.public.slice(0, 40), 'not a public SSH key'],
    [
      'an empty RSA modulus, on which the parser fails',
      'ssh-rsa AAAAB3NzaC1yc2EAAAADAQABAAAAAA==',
      'not a public SSH key',
    ],
    ['rsa of 1024 bits', makeRsaKey(1024).public, '1024 bits'],
    ['dsa', dsaKey, 'ssh-dss'],
    ['a security token', 'sk-ssh-ed25519@openssh.com AAAA me', 'security token'],
    ['a certificate', 'ssh-ed25519-cert-v01@openssh.com AAAA me', 'Certificates'],
    ['options', `command="id",no-pty ${pair.public}`, 'Options before a key'],
    ['from', `from="10.0.0.1" ${pair.public}`, 'Options before a key'],
    ['two keys', `${pair.public}\n${makeKey('b').public}`, 'one key at a time'],
    ['a private key', pair.private, 'private key'],
    ['a private key behind a public one', `${pair.public}\n${pair.private}`, 'private key'],
    ['a PuTTY key', 'PuTTY-User-Key-File-3: ssh-ed25519', 'private key'],
  ])('is refused: %s', (_what, text, message) => {
    const error = thrownBy(() => parsePublicKey(text))
    expect(error).toMatchObject({ code: 'invalid-key' })
    expect((error as Error).message).toContain(message)
  })

  it('is accepted or refused with a hint, whatever is pasted, and what was pasted is never repeated', () => {
    const texts = fc.oneof(
      anyText({ minLength: 12 }),
      fc.base64String({ minLength: 12 }).map((base64) => `ssh-ed25519 ${base64}`),
      fc.base64String({ minLength: 12 }).map((base64) => `ssh-rsa ${base64} x`),
    )
    fc.assert(
      fc.property(texts, (text) => {
        const error = thrownBy(() => parsePublicKey(text))
        expect(error).toBeInstanceOf(HostingError)
        expect((error as HostingError).hint).toContain('ssh-keygen')
        expect((error as HostingError).message).not.toContain(text)
      }),
    )
  })
})

function thrownBy(work: () => unknown): unknown {
  try {
    work()
  } catch (error) {
    return error
  }
  return undefined
}
