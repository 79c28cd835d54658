import { describe, expect, it } from 'vitest'
import { cookKeys, sizeOf, withCarriageReturns } from '../../../src/gateway/terminal-streams.ts'

describe('withCarriageReturns', () => {
  it('puts one carriage return before each line feed and changes no other byte', () => {
    expect(withCarriageReturns(Buffer.from('a\nb\r\nc'))).toEqual(Buffer.from('a\r\nb\r\nc'))
    const bytes = Buffer.from([0xff, 0xc3, 0x00])
    expect(withCarriageReturns(bytes)).toEqual(bytes)
  })
})

describe('cookKeys', () => {
  it('acts on Ctrl-C and Ctrl-D and makes Return a line feed', () => {
    const pressed: string[] = []
    const actions = { interrupt: () => pressed.push('interrupt'), end: () => pressed.push('end') }
    expect(cookKeys(Buffer.from('demo\r\x03\x04'), actions)).toEqual(Buffer.from('demo\n'))
    expect(pressed).toEqual(['interrupt', 'end'])
  })
})

describe('sizeOf', () => {
  it.each([
    [120, 40, { columns: 120, rows: 40 }],
    [0, 0, { columns: 80, rows: 24 }],
    [4_294_967_295, 1, { columns: 1000, rows: 20 }],
    [Number.NaN, -5, { columns: 80, rows: 24 }],
  ])('makes %d × %d usable', (columns, rows, expected) => {
    expect(sizeOf(columns, rows)).toEqual(expected)
  })
})
