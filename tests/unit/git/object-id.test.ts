import { describe, expect, it } from 'vitest'
import { quarantineOf } from '../../../src/git/git.ts'
import { objectIdSchema, refSchema } from '../../../src/git/object-id.ts'

describe('an object id', () => {
  it('has 40 or 64 hexadecimal digits', () => {
    for (const text of ['a'.repeat(40), '0'.repeat(64)]) expect(objectIdSchema.safeParse(text).success).toBe(true)
    for (const text of ['', 'a'.repeat(41), `--output=${'a'.repeat(31)}`, 'A'.repeat(40), `${'a'.repeat(40)}\n`])
      expect(objectIdSchema.safeParse(text).success).toBe(false)
  })
})

describe('a ref', () => {
  it('is a full name below refs/', () => {
    for (const text of ['refs/heads/main', 'refs/tags/v1.0', 'refs/heads/fête', "refs/heads/$(id)'"])
      expect(refSchema.safeParse(text).success).toBe(true)
    for (const text of [
      'main',
      '--all',
      'refs/',
      'refs/heads/a b',
      'refs/heads/../x',
      'refs/heads/a\nb',
      'refs/heads/*',
    ])
      expect(refSchema.safeParse(text).success).toBe(false)
  })
})

describe('a quarantine', () => {
  it('quotes a home whose path holds the separator of alternates', () => {
    expect(quarantineOf('/srv/a', 'incoming-x')).toEqual({
      objectDirectory: '/srv/a/objects/incoming-x',
      alternates: '/srv/a/objects',
    })
    expect(quarantineOf('/srv/a:b"c', 'incoming-x').alternates).toBe('"/srv/a:b\\"c/objects"')
  })
})
