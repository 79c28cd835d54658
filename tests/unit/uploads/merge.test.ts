import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { ChangedPath } from '../../../src/git/changes.ts'
import type { Written } from '../../../src/uploads/difference.ts'
import { mergeChanges } from '../../../src/uploads/merge.ts'

function wrote(object: string): Written {
  const seen = { size: 1, inode: '1:1', bornNs: 0n, signature: object, changedAtMs: 0 }
  return { kind: 'file', mode: '100644', ...seen, object }
}

function changed(path: string, object: string | null): ChangedPath {
  const status = object === null ? 'deleted' : 'modified'
  return { path: Buffer.from(path, 'latin1'), status, mode: '100644', object: object ?? '0'.repeat(40) }
}

function merge(ours: Record<string, string | null>, theirs: Record<string, string | null>) {
  const own = new Map(Object.entries(ours).map(([path, object]) => [path, object === null ? null : wrote(object)]))
  const result = mergeChanges(
    own,
    Object.entries(theirs).map(([path, object]) => changed(path, object)),
  )
  return {
    ours: [...result.ours.keys()],
    theirs: result.theirs.map(({ path }) => path.toString('latin1')),
    conflicts: result.conflicts,
  }
}

describe('two uploads at once', () => {
  it('both count where they changed different files', () => {
    expect(merge({ a: '1' }, { b: '2' })).toEqual({ ours: ['a'], theirs: ['b'], conflicts: [] })
  })

  it('are in conflict over one file', () => {
    expect(merge({ a: '1', c: '3' }, { a: '2' })).toEqual({ ours: ['c'], theirs: [], conflicts: ['a'] })
    expect(merge({ a: null }, { a: '2' })).toMatchObject({ conflicts: ['a'] })
    expect(merge({ a: '1' }, { a: null })).toMatchObject({ conflicts: ['a'] })
  })

  it('agree where both made the same of it', () => {
    expect(merge({ a: '1', b: null }, { a: '1', b: null })).toEqual({ ours: [], theirs: [], conflicts: [] })
  })

  it('bring back what was removed here and changed there', () => {
    expect(merge({ a: null, b: null }, { a: '2' })).toEqual({ ours: ['b'], theirs: ['a'], conflicts: ['a'] })
  })

  it('are in conflict where one has a folder and the other a file', () => {
    expect(merge({ a: '1' }, { 'a/b': '2' })).toMatchObject({ conflicts: ['a'] })
    expect(merge({ 'a/b': '1' }, { a: '2' })).toMatchObject({ conflicts: ['a/b'], theirs: [] })
    expect(merge({ 'a/b': '1' }, { a: null })).toMatchObject({ conflicts: [], ours: ['a/b'] })
  })

  it('never lose a change of ours, and never bring in what we changed', () => {
    const path = fc.constantFrom('a', 'b', 'a/b', 'a/c', 'd')
    const changes = fc.dictionary(path, fc.option(fc.constantFrom('1', '2'), { nil: null }))
    fc.assert(
      fc.property(changes, changes, (ours, theirs) => {
        const result = merge(ours, theirs)
        const same = Object.keys(ours).filter((one) => one in theirs && theirs[one] === ours[one])
        expect([...result.ours, ...result.conflicts, ...same].sort()).toEqual(Object.keys(ours).sort())
        expect(result.theirs.filter((one) => typeof ours[one] === 'string')).toEqual([])
      }),
    )
  })
})
