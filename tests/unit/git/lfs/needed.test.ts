import { createHash } from 'node:crypto'
import { rm } from 'node:fs/promises'
import { dirname } from 'node:path'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { neededObjects } from '../../../../src/git/lfs/needed.ts'
import { renderPointer } from '../../../../src/git/lfs/pointer.ts'
import { GitSource } from '../../../helpers/git-source.ts'

let source: GitSource
beforeEach(async () => {
  source = await GitSource.create()
})
afterEach(async () => await rm(dirname(source.path), { recursive: true }))

const oidOf = (text: string) => createHash('sha256').update(text).digest('hex')
const pointerTo = (text: string) => renderPointer({ oid: oidOf(text), size: text.length })
const needed = async () => [...(await neededObjects(source.path, new AbortController().signal))].sort()
const oids = (...texts: string[]) => texts.map(oidOf).sort()

it('is what the history of any ref points to, and nothing that only looks like it', async () => {
  await source.commit([
    { path: 'a.pdf', content: pointerTo('first') },
    { path: 'not.txt', content: pointerTo('not').toString().replace('version', 'versions') },
    { path: 'long.txt', content: `${pointerTo('too long').toString()}${'x'.repeat(1000)}` },
  ])
  await source.commit([{ path: 'deep/a.pdf', content: pointerTo('second') }])
  await source.commit([{ path: 'b.pdf', content: pointerTo('of a release') }], { branch: 'old', orphan: true })
  await source.git(['update-ref', 'refs/hosting/releases/1', 'refs/heads/old'])
  await source.git(['update-ref', '-d', 'refs/heads/old'])
  expect(await needed()).toEqual(oids('first', 'second', 'of a release'))
  await source.git(['update-ref', '-d', 'refs/hosting/releases/1'])
  expect(await needed()).toEqual(oids('first', 'second'))
})

it('is nothing where nothing was pushed', async () => {
  expect(await needed()).toEqual([])
})

it('is unknown where the repository is damaged', async () => {
  const commit = await source.commit([{ path: 'a.pdf', content: pointerTo('first') }])
  await source.git(['update-ref', 'refs/heads/other', commit])
  const tree = await source.git(['rev-parse', `${commit}^{tree}`])
  await source.git(['repack', '-adq'])
  const pack = await source.git(['cat-file', '--batch-all-objects', '--batch-check'])
  expect(pack).toContain(tree)
  await rm(`${source.path}/objects`, { recursive: true })
  await expect(needed()).rejects.toThrow()
})
