import fc from 'fast-check'
import { posix } from 'node:path'
import { describe, expect, it } from 'vitest'
import { staysInside } from '../../../src/git/symlinks.ts'

function link(path: string) {
  return { mode: '120000', object: '0'.repeat(40), size: 1, path: Buffer.from(path) }
}

const allowed = (path: string, target: string) => staysInside(link(path), Buffer.from(target))

describe('a symbolic link of a pushed tree', () => {
  it.each([
    ['a', 'b'],
    ['a', './b//c'],
    ['a', '.'],
    ['d/a', '..'],
    ['d/e/a', '../../b'],
    ['a', '...'],
    ['a', '..b/c'],
  ])('%s -> %s may be written', (path, target) => {
    expect(allowed(path, target)).toBe(true)
  })

  it.each([
    ['a', ''],
    ['a', '..'],
    ['a', '/etc/passwd'],
    ['d/a', '../../etc/passwd'],
    ['d/a', './../../etc'],
    ['a', 'b\0c'],
    ['a', 'x'.repeat(4096)],
    // The attack: `up -> ..` is harmless in d/, and `d/up/../x` looks so, but leads out.
    ['a', 'd/up/../x'],
    ['d/a', '../d/..'],
  ])('%s -> %s is left out', (path, target) => {
    expect(allowed(path, target)).toBe(false)
  })

  it('never leads out, whatever other allowed links its path passes', () => {
    const name = fc.constantFrom('a', 'b', 'c')
    const path = fc.array(name, { minLength: 1, maxLength: 3 }).map((names) => names.join('/'))
    const target = fc.array(fc.constantFrom('a', 'b', 'c', '..', '.'), { maxLength: 5 }).map((steps) => steps.join('/'))
    fc.assert(
      fc.property(fc.array(fc.tuple(path, target), { maxLength: 6 }), path, (links, start) => {
        const tree = new Map(links.filter(([from, to]) => allowed(from, to)))
        expect(resolved(start, tree)).not.toMatch(/^\.\./)
      }),
      { numRuns: 2000 },
    )
  })
})

/** As the kernel walks (path_resolution(7)): each name is looked up where the walk has come to, links are walked from their own directory. */
function resolved(path: string, links: ReadonlyMap<string, string>): string {
  const steps = path.split('/')
  let at = ''
  for (let left = 40; steps.length > 0 && left > 0; left--) {
    const step = steps.shift()!
    const next = posix.join(at, step)
    const target = step === '..' || step === '.' ? undefined : links.get(next)
    if (target === undefined) at = next === '.' ? '' : next
    else steps.unshift(...target.split('/'))
    if (at.startsWith('..')) return at
  }
  return at
}
