import { describe, expect, it } from 'vitest'
import { maskValues } from '../../../src/deploy/mask.ts'

describe('a masked line', () => {
  it('shows no value of eight characters or more', () => {
    const mask = maskValues({ TOKEN: 'hunter22', MODE: 'prod', URL: 'https://u:p4ssword@db.example.org/x' })
    expect(mask('token=hunter22, hunter22 in prod')).toBe('token=********, ******** in prod')
    expect(mask('GET https://u:p4ssword@db.example.org/x/y')).toBe('GET ********/y')
  })

  it('hides the longer of two values, one within the other', () => {
    expect(maskValues({ A: 'abcdefgh', B: 'abcdefghijkl' })('abcdefghijkl abcdefgh')).toBe('******** ********')
  })

  it('hides each line of a key', () => {
    const key = '-----BEGIN KEY-----\r\nMIIBVgIBADANBg\n  kqhkiG9w0BAQ\n-----END KEY-----\n'
    const mask = maskValues({ KEY: key })
    expect(key.split('\n').map((line) => mask(line).trim())).toEqual([
      '********',
      '********',
      '********',
      '********',
      '',
    ])
  })

  it('takes a value for text, not for a pattern', () => {
    expect(maskValues({ A: '$&.*(x)[y]' })('a $&.*(x)[y] b')).toBe('a ******** b')
  })

  it('leaves alone what everybody knows of a database', () => {
    const mask = maskValues({ DB_HOST: 'localhost', DB_NAME: 'site_123', DB_PASSWORD: 'very-secret' })
    expect(mask('site_123 on localhost: very-secret')).toBe('site_123 on localhost: ********')
  })
})
