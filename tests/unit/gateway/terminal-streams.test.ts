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
  it.each([
    ['demo\r', { text: 'demo\n', interrupted: false, ended: false }],
    ['a\x03b', { text: 'ab', interrupted: true, ended: false }],
    ['a\r\x04b', { text: 'a\n', interrupted: false, ended: true }],
  ])('reads %j as a terminal driver does', (typed, { text, ...keys }) => {
    expect(cookKeys(Buffer.from(typed))).toEqual({ ...keys, text: Buffer.from(text) })
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
