import { readdir, rm } from 'node:fs/promises'
import { dirname } from 'node:path'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { openAttributes } from '../../../src/git/attributes.ts'
import { GitSource } from '../../helpers/git-source.ts'

let source: GitSource
beforeEach(async () => {
  source = await GitSource.create()
})
afterEach(async () => await rm(dirname(source.path), { recursive: true }))

it('gives a path the filter that the nearest rule says, whatever its name', async () => {
  const file = async (path: string, content: string) => ({ path, object: await source.object('blob', content) })
  const files = [
    await file('.gitattributes', '*.pdf filter=lfs -text\n*.html filter=x\n'),
    await file('deep/.gitattributes', '*.pdf -filter\n*.mp4 filter=lfs\n'),
  ]
  const before = await readdir(source.path)
  {
    await using attributes = await openAttributes(source.path, files)
    for (const [path, filter] of [
      ['a.pdf', 'lfs'],
      ['other/\xfc\n"a b.pdf', 'lfs'],
      ['deep/er/a.pdf', 'unset'],
      ['deep/a.mp4', 'lfs'],
      ['a.mp4', 'unspecified'],
      ['index.html', 'x'],
    ] as const)
      expect([path, await attributes.filterOf(path)]).toEqual([path, filter])
  }
  expect(await readdir(source.path)).toEqual(before)
})
