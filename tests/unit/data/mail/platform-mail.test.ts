// Mail of the platform itself: what stands in its header and its envelope, whatever somebody calls their site or certificate.
import { text } from 'node:stream/consumers'
import fc from 'fast-check'
import { expect, it } from 'vitest'
import { loadConfig } from '../../../../src/config/load.ts'
import { createPlatformMail, type PlatformMail } from '../../../../src/data/mail/platform-mail.ts'
import type { Outgoing, Relay } from '../../../../src/data/mail/relay.ts'

interface Sent extends Pick<Outgoing, 'sender' | 'recipients'> {
  readonly header: readonly string[]
  readonly body: string
}

async function write(mail: PlatformMail, flags: Record<string, string> = {}): Promise<Sent> {
  const sent: Sent[] = []
  const relay: Relay = {
    async send({ sender, recipients, message }) {
      const [header = '', ...body] = (await text(message)).split('\r\n\r\n')
      // Unfolded (RFC 5322, 2.2.3).
      sent.push({
        sender,
        recipients,
        header: header.replaceAll(/\r\n(?=[ \t])/g, '').split('\r\n'),
        body: body.join('\r\n\r\n'),
      })
      return []
    },
  }
  const config = loadConfig({ flags: { 'base-domain': 'apps.example.org', ...flags }, env: {} })
  expect(await createPlatformMail(config, relay)(mail)).toBe('sent')
  return sent[0]!
}

const plain: PlatformMail = {
  to: 'anna@example.org',
  subject: 'demo: its certificate expires',
  lines: ['One', '', 'two'],
}

it('is plain text from the platform, which no machine answers', async () => {
  const { sender, recipients, header, body } = await write(plain)
  expect([sender, recipients]).toEqual(['hosting@apps.example.org', ['anna@example.org']])
  expect(header).toEqual(
    expect.arrayContaining([
      'From: hosting@apps.example.org',
      'To: anna@example.org',
      'Subject: demo: its certificate expires',
      'Auto-Submitted: auto-generated',
      expect.stringMatching(/^Content-Type: text\/plain; charset=utf-8/),
      expect.stringMatching(/^Message-ID: <.+@apps\.example\.org>$/),
      expect.stringMatching(/^Date: /),
    ]),
  )
  expect(body).toBe('One\r\n\r\ntwo\r\n')
  expect((await write(plain, { 'mail-from': 'ops@example.net' })).sender).toBe('ops@example.net')
})

it('is not written where there is no relay', async () => {
  const config = loadConfig({ flags: {}, env: {} })
  expect(await createPlatformMail(config, undefined)(plain)).toBe('no-relay')
})

// The attack: a name that ends its line, and goes on with a header or a recipient of the attacker's choice.
it('has the same header fields and recipients, whatever its words are', async () => {
  const fields = (header: readonly string[]) => header.map((line) => line.slice(0, line.indexOf(':'))).sort()
  const usual = fields((await write(plain)).header)
  const ends = fc.constantFrom('\r\n', '\n', '\r', '\u2028', '\u0085', '\0', '\r\n\r\n', '\r\n.\r\n')
  const goesOn = fc.constantFrom(
    'Bcc: eve@example.net',
    'To: eve@example.net',
    'Content-Type: text/html',
    'Subject: x',
    '<eve@example.net>',
  )
  const hostile = fc
    .tuple(fc.string({ unit: 'grapheme', maxLength: 20 }), ends, goesOn, ends)
    .map((parts) => parts.join(''))
  await fc.assert(
    fc.asyncProperty(hostile, async (words) => {
      const { header, recipients } = await write({ ...plain, subject: `${words}: its certificate`, lines: [words] })
      expect(fields(header)).toEqual(usual)
      expect(recipients).toEqual(['anna@example.org'])
      expect(header).toContain('To: anna@example.org')
    }),
    { numRuns: 60 },
  )
})
