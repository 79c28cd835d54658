import { mkdirSync, mkdtempSync, readdirSync, readlinkSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { watchTree } from '../../../src/lib/posix/watch-tree.ts'
import { mostDepth } from '../../../src/lib/rooted.ts'
import { until } from '../../helpers/until.ts'

let root: string
beforeEach(() => {
  root = mkdtempSync('/tmp/hosting-watch-')
})
afterEach(() => rmSync(root, { recursive: true, force: true }))

const put = (path: string) => writeFileSync(join(root, path), 'x')
const make = (path: string) => mkdirSync(join(root, path), { recursive: true })
const inotifies = () =>
  readdirSync('/proc/self/fd').filter((fd) => {
    try {
      return readlinkSync(`/proc/self/fd/${fd}`) === 'anon_inode:inotify'
    } catch {
      return false
    }
  }).length

it('tells of a change once, also in folders that came after it', async () => {
  make('a')
  using watch = await watchTree(root)
  const isQuiet = () => !watch!.changed()
  expect(isQuiet()).toBe(true)
  put('a/file')
  expect([watch!.changed(), watch!.changed()]).toEqual([true, false])
  make('a/b/c')
  await until('it to be quiet', isQuiet)
  put('a/b/c/file')
  expect(watch!.changed()).toBe(true)
  renameSync(join(root, 'a/b'), join(root, 'moved'))
  await until('it to be quiet', isQuiet)
  put('moved/c/other')
  expect(watch!.changed()).toBe(true)
})

it('knows how many files and folders there are', async () => {
  make('a/b')
  put('a/b/c')
  using watch = await watchTree(root)
  expect(watch!.entries).toBe(3)
  for (let at = 0; at < 40; at++) put(`a/${at}`)
  rmSync(join(root, 'a/b/c'))
  watch!.changed()
  expect(watch!.entries).toBe(42)
})

it('has one instance of inotify for all trees, and none when nobody watches', async () => {
  const before = inotifies()
  const watches = await Promise.all(Array.from({ length: 20 }, () => watchTree(root)))
  expect(inotifies()).toBe(before + 1)
  for (const watch of watches) watch?.[Symbol.dispose]()
  expect(inotifies()).toBe(before)
  expect(watches[0]!.changed()).toBe(false)
})

it('goes down so far, and no further: each folder above is a descriptor', async () => {
  let path = root
  for (let depth = 0; depth < mostDepth + 50; depth++) mkdirSync((path = join(path, 'd')))
  using watch = await watchTree(root)
  expect(watch!.entries).toBe(mostDepth + 1)
  writeFileSync(join(path, 'file'), 'x')
  expect(watch!.changed()).toBe(false)
})
