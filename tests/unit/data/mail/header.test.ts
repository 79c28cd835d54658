import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { bodyStart, completeHeader } from '../../../../src/data/mail/header.ts'

const origin = {
  site: 'demo.example.org',
  sender: 'demo@example.org',
  messageId: 'id@example.org',
  date: new Date('2026-03-01T12:00:00Z'),
}
const complete = (header: string) => completeHeader(header, origin).text

describe('the header of a mail', () => {
  it('gets what is missing, and keeps what the application wrote', () => {
    expect(complete('To: ann@example.net\r\nSubject: hello\r\n\r\n')).toBe(
      [
        'X-Hosting-Site: demo.example.org',
        'To: ann@example.net',
        'Subject: hello',
        'From: demo@example.org',
        'Date: Sun, 01 Mar 2026 12:00:00 +0000',
        'Message-ID: <id@example.org>',
        '\r\n',
      ].join('\r\n'),
    )
    const own = 'From: "Shop" <shop@example.com>\r\nDate: Mon, 02 Mar 2026 12:00:00 +0100\r\nMessage-Id: <x@y>\r\n\r\n'
    expect(completeHeader(own, origin)).toEqual({
      text: `X-Hosting-Site: demo.example.org\r\n${own}`,
      messageId: '<x@y>',
    })
  })

  // The attack: a site that says it is another one, or where bounces shall go.
  it('does not let a site say whose mail it is, nor shows who was in Bcc', () => {
    const said = complete(
      'x-hosting-SITE: other\r\nReturn-Path: <boss@bank>\r\nBCC: a@b,\r\n c@d\r\nX-Hosting-Site : third\r\nTo: e@f\r\n\r\n',
    )
    expect(said.match(/x-hosting-site.*/gi)).toEqual(['X-Hosting-Site: demo.example.org'])
    expect(said).not.toMatch(/Return-Path|Bcc|a@b|c@d/i)
    expect(said).toContain('To: e@f\r\n')
  })

  it('keeps folded lines together, whatever ends them', () => {
    expect(complete('Subject: one\n two\n\tthree\nTo: a@b\n\n')).toContain(
      'Subject: one\r\n two\r\n\tthree\r\nTo: a@b\r\n',
    )
    expect(complete('Subject: one\r\r\nTo: a@b\r\r\n\r\r\n')).toContain('Subject: one\r\nTo: a@b\r\n')
  })

  it('ends at the first line that is no field', () => {
    const said = complete('To: a@b\r\nthis is text\r\nFrom: in the text\r\n\r\n')
    expect(said).toMatch(/\r\n\r\nthis is text\r\nFrom: in the text\r\n$/)
    expect(said).toContain('From: demo@example.org\r\n')
  })

  it('has an end where the first empty line is', () => {
    expect(bodyStart('To: a\r\n\r\nbody')).toBe(9)
    expect(bodyStart('To: a\n\nbody\n\n')).toBe(7)
    expect(bodyStart('\r\nbody')).toBe(2)
    expect(bodyStart('To: a\r\n')).toBeUndefined()
  })

  it('is one block of fields, whatever it was made of', () => {
    const piece = fc.oneof(
      fc.constantFrom(
        '\r\n',
        '\n',
        '\r',
        '\r\r\n',
        'From: x',
        'X-Hosting-Site: forged',
        'Bcc: b',
        ': ',
        ' ',
        '\0',
        'é',
      ),
      fc.string(),
    )
    fc.assert(
      fc.property(fc.array(piece), (pieces) => {
        const text = complete(pieces.join(''))
        const [header = ''] = text.split('\r\n\r\n')
        const fields = header.split(/\r\n(?![ \t])/)
        expect(fields.filter((field) => !/^[!-9;-~]+[ \t]*:[^\r\n]*(\r\n[ \t][^\r\n]*)*$/.test(field))).toEqual([])
        expect(fields.filter((field) => /^x-hosting-site/i.test(field))).toEqual(['X-Hosting-Site: demo.example.org'])
        expect(fields.some((field) => /^(bcc|return-path)/i.test(field))).toBe(false)
      }),
    )
  })
})
