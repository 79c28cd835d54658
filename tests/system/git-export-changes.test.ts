// A commit's tree made from the release before it, beside the same tree made from its listing: they are the same, whatever has changed.
import fc from 'fast-check'
import { linkSync, readFileSync, renameSync, truncateSync } from 'node:fs'
import { lstat, mkdir, readdir, readFile, readlink, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { beforeEach, describe, expect, it } from 'vitest'
import { exportChanges } from '../../src/git/export-changes.ts'
import { exportListing } from '../../src/git/export-listing.ts'
import { exportTree } from '../../src/git/export.ts'
import { openObjects } from '../../src/git/objects.ts'
import { createPace } from '../../src/lib/pace.ts'
import { makeSpare } from '../../src/git/spare.ts'
import { linkContents } from '../../src/git/tree-walk.ts'
import type { ExportedTree, ExportRequest, ObjectSource } from '../../src/git/types.ts'
import { GitSource, type SourceFile } from '../helpers/git-source.ts'
import { scratchDirectory } from '../helpers/paths.ts'

const limits = { maxFiles: 10_000, maxTreeBytes: 100_000_000 }
const { signal } = new AbortController()
let git: GitSource
let source: ObjectSource
let scratch: string

beforeEach(async () => {
  git = await GitSource.create()
  source = { repository: git.path }
  scratch = await scratchDirectory('changes')
})

interface Release {
  readonly commit: string
  readonly directory: string
  readonly directories: readonly string[]
}

async function release(name: string, commit: string): Promise<Release> {
  const directory = join(scratch, name)
  await exportListing({ source, commit, into: directory, limits })
  return { commit, directory, directories: [directory] }
}

async function fromChanges(request: Omit<ExportRequest, 'source' | 'limits'>, own: Partial<ExportRequest> = {}) {
  await using objects = openObjects(source)
  return await exportChanges({ source, limits, ...request, ...own }, objects)
}

/** A copy as makeSpare leaves it, of a tree too small for that. */
const spare = async (tree: string) => await linkContents(tree, `${tree}.next`, createPace())

/** What is below a directory: kind, permissions, content, and how it is shared. */
async function contentOf(directory: Buffer | string, at = ''): Promise<[path: string, what: string][]> {
  const found: [string, string][] = []
  for (const name of await readdir(directory, { encoding: 'buffer' })) {
    const path = Buffer.concat([Buffer.from(directory), Buffer.from('/'), name])
    const inside = `${at}${name.toString('latin1')}`
    const stat = await lstat(path)
    const mode = (stat.mode & 0o777).toString(8)
    if (stat.isSymbolicLink()) found.push([inside, `-> ${await readlink(path, 'latin1')}`])
    else if (stat.isFile()) found.push([inside, `${mode} ${await readFile(path, 'latin1')}`])
    else found.push([inside, `${mode} directory`], ...(await contentOf(path, `${inside}/`)))
  }
  return found.sort()
}

function comparable(directory: string, exported: ExportedTree | undefined) {
  const record = JSON.parse(readFileSync(`${directory}.json`, 'utf8')) as { skipped: string[] }
  return {
    ...exported,
    skipped: exported?.skipped.toSorted(),
    changedPaths: exported?.changedPaths?.map((path) => path.toString('latin1')).sort(),
    record: { ...record, skipped: record.skipped.toSorted() },
  }
}

const oddName = Buffer.from([0x66, 0xff, 0x0a, 0x20, 0x22])
const anyTree = fc
  .array(
    fc.record({
      path: fc
        .array(fc.constantFrom('a', 'b', 'a.b', 'é', '-c', oddName), { minLength: 1, maxLength: 4 })
        .map((names) => Buffer.concat(names.flatMap((name) => [Buffer.from('/'), Buffer.from(name)])).subarray(1)),
      mode: fc.constantFrom('100644', '100644', '100755', '120000'),
      content: fc.constantFrom('one', 'two', '', '..', '../a', '../../a', '/etc', 'a/../b', 'x'.repeat(5000)),
    }),
    { minLength: 1, maxLength: 12 },
  )
  .map((files) => withoutConflicts(files))

/** A path can't be a file and hold files, a symbolic link can't be empty. The later entry of one path counts. */
function withoutConflicts(files: readonly SourceFile[]): SourceFile[] {
  const key = ({ path }: SourceFile) => Buffer.from(path).toString('latin1')
  const byPath = new Map(files.map((file) => [key(file), file]))
  const isParent = (file: SourceFile) => [...byPath.keys()].some((other) => other.startsWith(`${key(file)}/`))
  return [...byPath.values()].filter((file) => !isParent(file) && (file.mode !== '120000' || file.content !== ''))
}

describe('an export from changes', () => {
  it('equals an export from the listing, with a spare and without, and leaves the release before alone', async () => {
    await fc.assert(
      fc.asyncProperty(anyTree, fc.array(anyTree, { minLength: 1, maxLength: 3 }), async (first, others) => {
        scratch = await scratchDirectory('pair')
        let previous = await release('0', await git.commit(first))
        for (const [index, files] of others.entries()) {
          const commit = await git.commit(files)
          const before = await contentOf(previous.directory)
          const [listed, spared, linked] = ['listed', 'spared', 'linked'].map((way) =>
            join(scratch, way + String(index)),
          )
          const slow = await exportListing({ source, commit, into: listed!, limits, previous })
          const copied = await fromChanges({ commit, into: linked!, previous })
          await spare(previous.directory)
          const fast = await fromChanges({ commit, into: spared!, previous })
          for (const [into, exported] of [[linked!, copied] as const, [spared!, fast] as const]) {
            expect(await contentOf(into)).toEqual(await contentOf(listed!))
            expect(comparable(into, exported)).toEqual(comparable(listed!, slow))
          }
          expect(await contentOf(previous.directory)).toEqual(before)
          previous = { commit, directory: spared!, directories: [spared!] }
        }
      }),
      { numRuns: Number(process.env['RUNS'] ?? 10) },
    )
  })

  it('reads packed objects, large files and empty directories, too', async () => {
    const empty = { mode: '40000', name: 'empty', object: await git.tree([]) }
    const large = { mode: '100644', name: 'large', object: await git.object('blob', Buffer.alloc(1_000_000, 'x')) }
    const small = { mode: '100644', name: 'small', object: await git.object('blob', 'x') }
    const previous = await release('a', await git.commitOf(await git.tree([{ ...small, name: 'z' }])))
    const commit = await git.commitOf(await git.tree([empty, large, small]))
    await git.git(['repack', '-qad'])
    await fromChanges({ commit, into: join(scratch, 'b'), previous })
    expect((await contentOf(join(scratch, 'b'))).map(([path, what]) => [path, what.length])).toEqual([
      ['empty', 13],
      ['large', 4 + 1_000_000],
      ['small', 5],
    ])
  })

  it('gives a changed file a later second than its predecessor, and shares what has not changed', async () => {
    const same = { path: 'same', content: 'same' }
    const previous = await release('a', await git.commit([same, { path: 'page', content: 'one' }]))
    const into = join(scratch, 'b')
    await fromChanges({ commit: await git.commit([same, { path: 'page', content: 'two' }]), into, previous })
    const [before, after] = [previous.directory, into]
    const second = async (path: string) => Math.floor((await lstat(path)).mtimeMs / 1000)
    expect(await second(join(after, 'page'))).toBeGreaterThan(await second(join(before, 'page')))
    expect((await lstat(join(after, 'same'))).ino).toBe((await lstat(join(before, 'same'))).ino)
  })

  it('keeps to the limits, counting what was there and what goes', async () => {
    const files = (count: number, content: string) =>
      Array.from({ length: count }, (_, index) => ({ path: `d${index}/${content}`, content: content.repeat(10) }))
    const previous = await release('a', await git.commit(files(9, 'old')))
    const next = await git.commit(files(10, 'new'))
    const into = join(scratch, 'b')
    const under = (own: Partial<typeof limits>) =>
      fromChanges({ commit: next, into, previous }, { limits: { ...limits, ...own } })
    await expect(under({ maxFiles: 9 })).rejects.toMatchObject({ code: 'too-large' })
    await expect(under({ maxTreeBytes: 299 })).rejects.toMatchObject({ code: 'too-large' })
    await rm(into, { recursive: true })
    expect(await under({ maxFiles: 10, maxTreeBytes: 300 })).toMatchObject({ files: 10, bytes: 300 })
  })

  it('refuses a submodule and names that no file can have before anything is made', async () => {
    const blob = { mode: '100644', object: await git.object('blob', 'x') }
    const previous = await release('a', await git.commitOf(await git.tree([{ ...blob, name: 'x' }])))
    const submodule = { mode: '160000', name: 'theme', object: previous.commit }
    for (const entry of [submodule, { ...blob, name: 'x'.repeat(256) }]) {
      const commit = await git.commitOf(await git.tree([entry]))
      const into = join(scratch, 'b')
      await expect(fromChanges({ commit, into, previous })).rejects.toMatchObject({ code: 'invalid-tree' })
    }
    expect((await readdir(scratch)).sort()).toEqual(['a', 'a.json'])
  })

  it('gives up at once where much has changed: a tree without end, a commit that is gone', async () => {
    const previous = await release('a', await git.commit([{ path: 'x', content: 'x' }]))
    const empty = { mode: '40000', object: await git.tree([]) }
    const bomb = await git.commitOf(await git.bomb(15, empty))
    expect(await fromChanges({ commit: bomb, into: join(scratch, 'b'), previous })).toBeUndefined()
    const gone = { ...previous, commit: 'f'.repeat(40) }
    expect(await fromChanges({ commit: previous.commit, into: join(scratch, 'b'), previous: gone })).toBeUndefined()
    expect((await readdir(scratch)).sort()).toEqual(['a', 'a.json'])
  })

  it.each<[string, (tree: string) => unknown]>([
    ['a file is gone', async (tree) => await rm(join(tree, 'd/keep'))],
    ['a file is cut off', (tree) => truncateSync(join(tree, 'd/keep'))],
    ['something lies beside the files', (tree) => linkSync(join(tree, 'd/keep'), join(tree, 'd/more'))],
    ['the record is cut off', (tree) => truncateSync(`${tree}.json`, 20)],
    ['the record is of another commit', async (tree) => await writeFile(`${tree}.json`, await otherRecord(tree))],
    ['the spare lacks what is to be removed', async (tree) => await damagedSpare(tree, 'd/change')],
    ['the spare lacks a directory', async (tree) => await damagedSpare(tree, 'd')],
    ['the tree is gone', async (tree) => await rm(tree, { recursive: true })],
  ])('is left to the listing when %s', async (_what, damage) => {
    const keep = { path: 'd/keep', content: 'kept' }
    const previous = await release('a', await git.commit([keep, { path: 'd/change', content: 'one' }]))
    const commit = await git.commit([keep, { path: 'd/change', content: 'two' }])
    await damage(previous.directory)
    const into = join(scratch, 'b')
    expect(await fromChanges({ commit, into, previous })).toBeUndefined()
    expect(await readdir(scratch)).not.toContain('b')
    await exportTree({ source, commit, into, limits, previous })
    expect(await contentOf(into)).toEqual([
      ['d', '755 directory'],
      ['d/change', '644 two'],
      ['d/keep', '644 kept'],
    ])
  })
})

async function otherRecord(tree: string): Promise<string> {
  return (await readFile(`${tree}.json`, 'utf8')).replace(/[0-9a-f]{40}/, 'f'.repeat(40))
}

async function damagedSpare(tree: string, path: string): Promise<void> {
  await spare(tree)
  await rm(join(`${tree}.next`, path), { recursive: true })
}

describe('a spare', () => {
  const many = Array.from({ length: 1000 }, (_, index) => ({ path: `d${index % 10}/${index}`, content: String(index) }))

  it('is made once of a large tree, also by two at a time, and taken by the next export', async () => {
    const previous = await release('a', await git.commit(many))
    await Promise.all([makeSpare(previous.directory, signal), makeSpare(previous.directory, signal)])
    await makeSpare(previous.directory, signal)
    expect((await readdir(scratch)).sort()).toEqual(['a', 'a.json', 'a.next'])
    const { ino } = await lstat(`${previous.directory}.next`)
    const commit = await git.commit([...many, { path: 'new', content: 'new' }])
    const exported = await exportTree({ source, commit, into: join(scratch, 'b'), limits, previous })
    expect(exported).toMatchObject({ files: 1001, changedPaths: [Buffer.from('new')] })
    expect((await lstat(join(scratch, 'b'))).ino).toBe(ino)
    expect((await readdir(scratch)).sort()).toEqual(['a', 'a.json', 'b', 'b.json'])
  })

  it('is not made of a small tree, of a damaged one, or when there is none', async () => {
    const small = await release('small', await git.commit([{ path: 'x', content: 'x' }]))
    const damaged = await release('damaged', await git.commit(many))
    await rm(join(damaged.directory, 'd1/1'))
    for (const tree of [small.directory, damaged.directory, join(scratch, 'none')]) await makeSpare(tree, signal)
    expect((await readdir(scratch)).filter((name) => name.includes('.next'))).toEqual([])
  })

  it('that is cut short leaves nothing', async () => {
    const previous = await release('a', await git.commit(many))
    const stop = new AbortController()
    const made = makeSpare(previous.directory, stop.signal)
    stop.abort()
    await made
    expect((await readdir(scratch)).sort()).toEqual(['a', 'a.json'])
  })

  it('that a crash left half made is not taken for one', async () => {
    const previous = await release('a', await git.commit(many))
    await mkdir(join(scratch, 'half'))
    renameSync(join(scratch, 'half'), `${previous.directory}.next.0123456789abcdef.tmp`)
    await makeSpare(previous.directory, signal)
    expect(await readdir(`${previous.directory}.next`)).toHaveLength(10)
  })

  it('does not stand where something is already', async () => {
    const previous = await release('a', await git.commit(many))
    await makeSpare(previous.directory, signal)
    await mkdir(join(scratch, 'b'))
    const { commit } = previous
    await expect(exportTree({ source, commit, into: join(scratch, 'b'), limits, previous })).rejects.toMatchObject({
      code: 'EEXIST',
    })
    expect(await readdir(join(scratch, 'b'))).toEqual([])
  })
})
