import { describe, expect, it } from 'vitest'
import { describeLeaving, describeStaying, pathsThatLeave } from '../../../src/deploy/storage-notes.ts'

const paths = (...names: string[]) => names.map((name) => Buffer.from(name))

describe('what a push says about storage', () => {
  it('is told of files that do not arrive, and of nothing else', () => {
    const changed = paths('uploads/b.txt', 'uploads/c/d.txt', 'uploads.txt', 'conf.php', 'index.php')
    expect(describeStaying('demo', ['conf.php', 'data/', 'uploads/'], changed)).toEqual([
      'conf.php stays as the site has it, without the change of this commit: storage demo',
      'uploads/ stays as the site has it, without the 2 changes of this commit: storage demo',
    ])
    expect(describeStaying('demo', ['uploads/'], paths('index.php', 'upload'))).toEqual([])
  })

  it('is told of paths that leave, not of those that lie in what stays', () => {
    expect(pathsThatLeave(['a/', 'b/c/', 'd.php'], ['b/', 'd.php'])).toEqual(['a/'])
    expect(pathsThatLeave(['a/'], ['a/b/'])).toEqual(['a/'])
    expect(describeLeaving('a/', 3)).toBe('a/ is storage no more; its 3 files stay aside in storage')
    expect(describeLeaving('a/', 1)).toBe('a/ is storage no more; its 1 file stays aside in storage')
    expect(describeLeaving('a/', 0)).toBe('a/ is storage no more')
  })
})
