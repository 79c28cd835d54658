import { describe, expect, it } from 'vitest'
import { exec } from '../../../src/lib/exec.ts'
import { parseAccountName, parseBranch } from '../../../src/names/account-name.ts'

describe('the name of an account', () => {
  it.each(['a', 'anna', 'anna.b', 'a-b_c.9', 'a'.repeat(32)])('may be %s', (name) =>
    expect(parseAccountName(name)).toBe(name),
  )

  it.each(['', 'Anna', '1a', '-a', '.a', 'a b', 'a\n', 'a/b', 'ä', 'a'.repeat(33)])('may not be %j', (name) =>
    expect(() => parseAccountName(name)).toThrow(expect.objectContaining({ code: 'invalid-name' })),
  )
})

describe('the name of a branch', () => {
  it.each(['main', 'release/2', 'v1.2', 'feature/a_b-c', 'a@b', '_x', 'a+b'])('may be %s', (name) =>
    expect(parseBranch(name)).toBe(name),
  )

  it.each([
    '',
    '-x',
    '.x',
    'x.',
    'x/',
    '/x',
    'a..b',
    'a//b',
    'a/.b',
    'a.lock',
    'a.lock/b',
    'a@{b',
    'a b',
    'a~1',
    'a^',
    'a:b',
    'a?',
    'a*',
    'a\\b',
    'a\n',
  ])('may not be %j', (name) =>
    expect(() => parseBranch(name)).toThrow(expect.objectContaining({ code: 'invalid-name' })),
  )

  it('is one that Git accepts, too', async () => {
    const parts = ['a', '.', '/', '-', '@', '{', '..', '.lock', '_', '+', '~']
    const triples = parts.flatMap((one) => parts.flatMap((two) => parts.map((three) => one + two + three)))
    const accepted = triples.filter(isAccepted)
    expect(accepted.length).toBeGreaterThan(50)
    const checked = accepted.filter((_, index) => index % 5 === 0)
    const answers = checked.map((name) => exec('git', ['check-ref-format', '--branch', name]))
    expect((await Promise.all(answers)).map(({ stdout }) => stdout.trim())).toEqual(checked)
  })
})

function isAccepted(name: string): boolean {
  try {
    return parseBranch(name) === name
  } catch {
    return false
  }
}
