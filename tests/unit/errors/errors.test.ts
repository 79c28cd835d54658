import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { anyText } from '../../helpers/any-text.ts'
import { catalogue } from '../../../src/errors/catalogue.ts'
import { HostingError, toHostingError } from '../../../src/errors/hosting-error.ts'
import { printable, renderError } from '../../../src/errors/render.ts'

describe('printable', () => {
  it('leaves nothing that steers a terminal or turns text around', () => {
    fc.assert(
      fc.property(anyText(), (text) => {
        // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what must not be there
        expect(printable(text)).not.toMatch(
          /[\u0000-\u0008\u000a-\u001f\u007f-\u009f\u200e\u200f\u202a-\u202e\u2066-\u2069]/,
        )
      }),
    )
  })

  it('leaves everything else as it is', () => {
    for (const text of ['plain', 'a\tb', 'Grüße, 日本 👍', '\\x1b']) expect(printable(text)).toBe(text)
    expect(printable('\u001b]0;title\u0007')).toBe('\\x1b]0;title\\x07')
  })
})

describe('an error', () => {
  it('is shown with its details and its hint', () => {
    const error = new HostingError('unhealthy', 'It did not answer', {
      details: ['log \u001b[1m'],
      hint: 'logs demo\nor this',
    })
    expect(renderError(error)).toEqual(['✗ It did not answer', '    log \\x1b[1m', '  → logs demo', '  → or this'])
    expect([error.exitCode, error.httpStatus]).toEqual([7, 503])
  })

  it('that nobody expected shows a reference only, and is reported under it', () => {
    const reported: unknown[] = []
    const thrown = new Error('/secret/path')
    const error = toHostingError(thrown, (...entry) => reported.push(entry))
    const reference = /\(reference ([0-9a-f]{8})\)/.exec(error.message)?.[1]
    expect(reported).toEqual([[reference, thrown]])
    expect(renderError(error).join('\n')).not.toContain('secret')
  })

  it('that is meant for people stays what it is', () => {
    const error = new HostingError('busy', 'Wait')
    expect(toHostingError(error, () => expect.fail('nothing to report'))).toBe(error)
  })
})

describe('the catalogue', () => {
  it('keeps to the exit statuses that are promised, and explains each code', () => {
    for (const [code, { exitCode, httpStatus, doc }] of Object.entries(catalogue)) {
      expect(code).toMatch(/^[a-z]+(-[a-z]+)*$/)
      expect([1, 2, 3, 4, 5, 6, 7]).toContain(exitCode)
      expect(httpStatus).toBeGreaterThanOrEqual(400)
      expect(doc).toMatch(/\.$/)
    }
  })
})
