import { randomBytes } from 'node:crypto'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { createSealing } from '../../../src/lib/sealing.ts'

const sealing = createSealing(randomBytes(32))

describe('a sealed value', () => {
  it('opens to what was sealed', () => {
    fc.assert(fc.property(fc.string({ unit: 'binary' }), (text) => sealing.open(sealing.seal(text)) === text))
  })

  it('shows nothing of it, and looks different each time', () => {
    const sealed = sealing.seal('correct horse')
    expect(Buffer.from(sealed.slice(3), 'base64').toString('latin1')).not.toContain('horse')
    expect(sealing.seal('correct horse')).not.toBe(sealed)
  })

  it('opens with no other key', () => {
    expect(() => createSealing(randomBytes(32)).open(sealing.seal('x'))).toThrow()
  })

  it('opens no more once a bit of it was changed', () => {
    const bytes = Buffer.from(sealing.seal('secret').slice(3), 'base64')
    for (let at = 0; at < bytes.length; at++) {
      const changed = Buffer.from(bytes)
      changed[at] = (changed[at] ?? 0) ^ 1
      expect(() => sealing.open(`v1:${changed.toString('base64')}`)).toThrow()
    }
  })

  it('is told from anything else', () => {
    fc.assert(
      fc.property(fc.string(), (text) => {
        expect(() => sealing.open(text)).toThrow()
      }),
    )
    expect(() => sealing.open(`v2:${sealing.seal('x').slice(3)}`)).toThrow('no sealed value')
  })
})

it('refuses a key of another length', () => {
  expect(() => createSealing(randomBytes(16))).toThrow('32 bytes')
})
