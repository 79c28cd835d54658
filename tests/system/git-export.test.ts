// Trees of real repositories: listed within limits, compared, and written as releases.
import fc from 'fast-check'
import { chmod, link, lstat, mkdir, readdir, readFile, readlink, rename, rm, symlink, truncate } from 'node:fs/promises'
import { join } from 'node:path'
import { beforeEach, describe, expect, it } from 'vitest'
import { changedPaths } from '../../src/git/changes.ts'
import { exportTree } from '../../src/git/export.ts'
import { listTree } from '../../src/git/tree.ts'
import type { ExportedTree } from '../../src/git/types.ts'
import { GitSource, type SourceFile } from '../helpers/git-source.ts'
import { scratchDirectory } from '../helpers/paths.ts'

const limits = { maxFiles: 10_000, maxTreeBytes: 100_000_000 }
const clock = (ms: number) => ({ now: () => new Date(ms), sleep: async () => undefined })
const start = 1_800_000_000_000
let source: GitSource
let scratch: string
let repository: { repository: string }

beforeEach(async () => {
  source = await GitSource.create()
  scratch = await scratchDirectory('export')
  repository = { repository: source.path }
})

interface Release {
  readonly commit: string
  readonly directory: string
}

async function release(
  name: string,
  commit: string,
  previous?: Release,
): Promise<Release & { exported: ExportedTree }> {
  const into = join(scratch, name)
  const exported = await exportTree({
    source: repository,
    commit,
    into,
    ...(previous && {
      previous: { commit: previous.commit, directories: [`${previous.directory}.aside`, previous.directory] },
    }),
    limits,
    clock: clock(start),
  })
  return { commit, directory: into, exported }
}

/** What is below a directory, by path in bytes: kind, permissions and content. */
async function contentOf(directory: Buffer | string, at = Buffer.alloc(0)): Promise<Map<string, string>> {
  const found = new Map<string, string>()
  for (const name of await readdir(directory, { encoding: 'buffer' })) {
    const path = Buffer.concat([Buffer.from(directory), Buffer.from('/'), name])
    const inside = Buffer.concat([at, at.length > 0 ? Buffer.from('/') : at, name])
    const stat = await lstat(path)
    if (stat.isDirectory()) for (const [below, what] of await contentOf(path, inside)) found.set(below, what)
    else if (stat.isSymbolicLink()) found.set(inside.toString('latin1'), `-> ${await readlink(path)}`)
    else found.set(inside.toString('latin1'), `${(stat.mode & 0o777).toString(8)} ${await readFile(path, 'latin1')}`)
  }
  return found
}

async function checkedOut(commit: string): Promise<Map<string, string>> {
  const into = await scratchDirectory('checkout')
  await source.git(['-c', 'core.bare=false', `--work-tree=${into}`, 'read-tree', commit])
  await source.git(['-c', 'core.bare=false', `--work-tree=${into}`, 'checkout-index', '--all', '--force'])
  return await contentOf(into)
}

const secondsOf = async (path: string) => Math.floor((await lstat(path)).mtimeMs / 1000)

describe('an export', () => {
  it('writes files, permissions, directories and symbolic links, whatever the umask', async () => {
    const before = process.umask(0o077)
    try {
      const commit = await source.commit([
        { path: 'index.html', content: 'hello' },
        { path: 'bin/run', mode: '100755', content: '#!/bin/sh\n' },
        { path: 'bin/link', mode: '120000', content: '../index.html' },
        { path: 'empty', content: '' },
        { path: 'large', content: Buffer.alloc(1_000_000, 'x') },
      ])
      const { directory, exported } = await release('a', commit)
      expect(exported).toEqual({ files: 5, bytes: 1_000_000 + 5 + 10 + 13, skipped: [] })
      const content = await contentOf(directory)
      expect(content.get('index.html')).toBe('644 hello')
      expect(content.get('bin/run')).toBe('755 #!/bin/sh\n')
      expect(content.get('bin/link')).toBe('-> ../index.html')
      expect(content.get('empty')).toBe('644 ')
      expect(content.get('large')).toHaveLength(4 + 1_000_000)
      for (const path of [directory, join(directory, 'bin')]) expect((await lstat(path)).mode & 0o777).toBe(0o755)
    } finally {
      process.umask(before)
    }
  })

  it('keeps names byte for byte', async () => {
    const names = [
      Buffer.from('a\nb'),
      Buffer.from([0x66, 0xff, 0xfe]),
      Buffer.from('x'.repeat(255)),
      Buffer.from('dír/ü\t"\\'),
    ]
    const commit = await source.commit(names.map((path) => ({ path, content: 'odd' })))
    const first = await release('a', commit)
    expect([...(await contentOf(first.directory)).keys()].sort()).toEqual(
      names.map((name) => name.toString('latin1')).sort(),
    )
    const next = await source.commit([
      ...names.slice(1).map((path) => ({ path, content: 'odd' })),
      { path: names[0]!, content: 'new' },
    ])
    const second = await release('b', next, first)
    expect(second.exported.changedPaths).toEqual([names[0]])
    expect((await contentOf(second.directory)).get('a\nb')).toBe('644 new')
  })

  it('leaves out symbolic links that might lead out of it, and says which', async () => {
    const bad = ['/etc/passwd', '../../etc/passwd', 'd/up/../x', 'x'.repeat(5000)]
    const commit = await source.commit([
      ...bad.map((content, index) => ({ path: `bad${index}`, mode: '120000', content })),
      { path: 'd/up', mode: '120000', content: '..' },
      { path: 'good', mode: '120000', content: 'nowhere' },
    ])
    const { directory, exported } = await release('a', commit)
    expect([...(await contentOf(directory)).keys()].sort()).toEqual(['d/up', 'good'])
    expect(exported.files).toBe(2)
    expect(exported.skipped.map((line) => line.slice(0, 4)).sort()).toEqual(['bad0', 'bad1', 'bad2', 'bad3'])
  })

  it('of an empty tree is an empty directory', async () => {
    expect((await release('a', await source.commit([]))).exported).toEqual({ files: 0, bytes: 0, skipped: [] })
  })

  it('refuses to write where something is already', async () => {
    const commit = await source.commit([])
    await release('a', commit)
    await expect(release('a', commit)).rejects.toMatchObject({ code: 'EEXIST' })
  })

  it('ends when it is told to', async () => {
    const commit = await source.commit([{ path: 'a', content: 'a' }])
    const request = { source: repository, commit, into: join(scratch, 'a'), limits }
    await expect(exportTree({ ...request, signal: AbortSignal.abort(new Error('superseded')) })).rejects.toThrow(
      'superseded',
    )
  })
})

describe('an export after another', () => {
  it('shares unchanged files, never writes into shared ones, and gives changed ones a later second', async () => {
    const same = { path: 'same.css', content: 'body {}' }
    const first = await release('a', await source.commit([same, { path: 'index.html', content: 'one' }]))
    const second = await release('b', await source.commit([same, { path: 'index.html', content: 'two' }]), first)
    const third = await release('c', await source.commit([same, { path: 'index.html', content: 'six' }]), second)
    const inodes = await Promise.all(
      [first, second, third].map(async ({ directory }) => (await lstat(join(directory, 'same.css'))).ino),
    )
    expect(new Set(inodes).size).toBe(1)
    const times = await Promise.all(
      [first, second, third].map(async ({ directory }) => await secondsOf(join(directory, 'index.html'))),
    )
    expect(new Set(times).size).toBe(3)
    const contents = await Promise.all(
      [first, second, third].map(async ({ directory }) => await readFile(join(directory, 'index.html'), 'utf8')),
    )
    expect(contents).toEqual(['one', 'two', 'six'])
    expect(third.exported.changedPaths?.map(String)).toEqual(['index.html'])
  })

  it('writes anew what is missing or damaged there, and no longer claims to know what differs', async () => {
    const files = ['gone', 'cut', 'linked', 'fine'].map((path) => ({ path, content: `content of ${path}` }))
    const first = await release('a', await source.commit(files))
    await rm(join(first.directory, 'gone'))
    await truncate(join(first.directory, 'cut'), 0)
    await rm(join(first.directory, 'linked'))
    await symlink('fine', join(first.directory, 'linked'))
    const second = await release('b', await source.commit([...files, { path: 'new', content: 'n' }]), first)
    expect(await contentOf(second.directory)).toEqual(await checkedOut(second.commit))
    expect(second.exported.changedPaths).toBeUndefined()
  })

  it('finds what was moved out of it, and still knows what differs', async () => {
    const files = [
      { path: 'uploads/a', content: 'a' },
      { path: 'b', content: 'b' },
    ]
    const first = await release('a', await source.commit(files))
    await mkdir(`${first.directory}.aside`)
    await rename(join(first.directory, 'uploads'), join(`${first.directory}.aside`, 'uploads'))
    await symlink('/storage/uploads', join(first.directory, 'uploads'))
    const second = await release('b', await source.commit([...files, { path: 'c', content: 'c' }]), first)
    expect(second.exported.changedPaths?.map(String)).toEqual(['c'])
    expect(await contentOf(second.directory)).toEqual(await checkedOut(second.commit))
    const inodes = [`${first.directory}.aside`, second.directory].map(
      async (at) => (await lstat(join(at, 'uploads/a'))).ino,
    )
    expect(new Set(await Promise.all(inodes)).size).toBe(1)
  })

  it('does without a release or a commit that is gone', async () => {
    const commit = await source.commit([{ path: 'a', content: 'a' }])
    const nowhere = { commit, directory: join(scratch, 'nowhere') }
    expect((await release('a', commit, nowhere)).exported).toMatchObject({ files: 1 })
    const gone = { commit: 'f'.repeat(40), directory: join(scratch, 'a') }
    const { exported, directory } = await release('b', commit, gone)
    expect(exported.changedPaths).toBeUndefined()
    expect(await readFile(join(directory, 'a'), 'utf8')).toBe('a')
  })

  it('takes nothing along that the release before had besides its commit', async () => {
    const first = await release('a', await source.commit([{ path: 'a', content: 'a' }]))
    await link(join(first.directory, 'a'), join(first.directory, 'built.js'))
    await chmod(first.directory, 0o700)
    const second = await release('b', await source.commit([{ path: 'a', content: 'a' }]), first)
    expect([...(await contentOf(second.directory)).keys()]).toEqual(['a'])
  })

  it('follows a file that becomes a directory, and back', async () => {
    const first = await release('a', await source.commit([{ path: 'x', content: 'file' }]))
    const second = await release('b', await source.commit([{ path: 'x/y', content: 'below' }]), first)
    expect(await contentOf(second.directory)).toEqual(new Map([['x/y', '644 below']]))
    const third = await release('c', await source.commit([{ path: 'x', content: 'back' }]), second)
    expect(await contentOf(third.directory)).toEqual(new Map([['x', '644 back']]))
  })

  it('equals a checkout, whatever the commits: files become directories, links, executable, and back', async () => {
    const path = fc.constantFrom('a', 'a/b', 'a/b/c', 'd', 'd/e', 'é', 'f')
    const mode = fc.constantFrom('100644', '100755', '120000')
    const content = fc.constantFrom('one', 'two', 'a longer one')
    const tree = fc.array(fc.record({ path, mode, content }), { maxLength: 6 }).map((files) => withoutConflicts(files))
    await fc.assert(
      fc.asyncProperty(fc.array(tree, { minLength: 2, maxLength: 4 }), async (trees) => {
        const root = await scratchDirectory('chain')
        let previous: (Release & { content: Map<string, string> }) | undefined
        for (const [index, files] of trees.entries()) {
          const commit = await source.commit(files)
          const directory = join(root, String(index))
          const earlier = previous && { previous: { commit: previous.commit, directories: [previous.directory] } }
          await exportTree({ source: repository, commit, into: directory, ...earlier, limits })
          const exported = await contentOf(directory)
          expect(exported).toEqual(expected(files))
          if (previous) expect(await contentOf(previous.directory)).toEqual(previous.content)
          previous = { commit, directory, content: exported }
        }
        if (previous) expect(previous.content).toEqual(await checkedOut(previous.commit))
      }),
      { numRuns: 12 },
    )
  })
})

/** A path can't be a file and hold files. The later entry of one path counts. */
function withoutConflicts(files: readonly SourceFile[]): SourceFile[] {
  const byPath = new Map(files.map((file) => [String(file.path), file]))
  const isParent = (path: string) => [...byPath.keys()].some((other) => other.startsWith(`${path}/`))
  return [...byPath.values()].filter(({ path }) => !isParent(String(path)))
}

function expected(files: readonly SourceFile[]): Map<string, string> {
  const what = ({ mode, content }: SourceFile) => {
    if (mode === '120000') return `-> ${String(content)}`
    return `${mode === '100755' ? '755' : '644'} ${String(content)}`
  }
  return new Map(files.map((file) => [Buffer.from(file.path).toString('latin1'), what(file)]))
}

describe('a listing', () => {
  it('has files with their sizes and directories before what is in them', async () => {
    const commit = await source.commit([
      { path: 'b/c/d', content: '123' },
      { path: 'a', mode: '100755', content: '1' },
    ])
    const listing = await listTree(repository, commit, limits)
    expect(listing.files.map(({ mode, size, path }) => [mode, size, String(path)])).toEqual([
      ['100755', 1, 'a'],
      ['100644', 3, 'b/c/d'],
    ])
    expect(listing.directories.map(String)).toEqual(['b', 'b/c'])
    expect(listing.bytes).toBe(4)
  })

  it.each([
    ['files', async () => ({ mode: '100644', object: await source.object('blob', 'x') }), 'max-files'],
    ['empty directories', async () => ({ mode: '40000', object: await source.tree([]) }), 'max-files'],
    [
      'large files',
      async () => ({ mode: '100644', object: await source.object('blob', Buffer.alloc(1_000_000)) }),
      'max-release-mb',
    ],
  ])(
    'stops at its limit in a bomb of %s, also while it is compared with the release before',
    async (_what, leaf, key) => {
      const first = await release('a', await source.commit([]))
      const commit = await source.commitOf(await source.bomb(15, await leaf()))
      await expect(listTree(repository, commit, limits)).rejects.toMatchObject({
        code: 'too-large',
        hint: expect.stringContaining(key) as string,
      })
      await expect(release('b', commit, first)).rejects.toMatchObject({ code: 'too-large' })
      expect(await readdir(scratch)).toEqual(['a', 'a.json'])
    },
  )

  it('is counted without sizes beside it when it takes long: both a tree at its limit and one over it', async () => {
    const blob = { mode: '100644', object: await source.object('blob', 'x') }
    const many = await source.commitOf(await source.bomb(4, blob))
    expect((await listTree(repository, many, limits)).files).toHaveLength(10_000)
    const tooMany = await source.commitOf(await source.bomb(15, blob))
    await expect(listTree(repository, tooMany, { ...limits, maxFiles: 60_000 })).rejects.toMatchObject({
      message: 'The pushed tree has more than 60000 files',
    })
  })

  it('refuses a submodule by its path', async () => {
    const sub = { mode: '160000', name: 'theme', object: await source.commit([]) }
    const commit = await source.commitOf(
      await source.tree([{ mode: '40000', name: 'vendor', object: await source.tree([sub]) }]),
    )
    await expect(listTree(repository, commit, limits)).rejects.toMatchObject({
      code: 'invalid-tree',
      message: expect.stringContaining('"vendor/theme" is a submodule') as string,
    })
  })

  it('refuses names and paths that no file can have', async () => {
    const blob = { mode: '100644', object: await source.object('blob', 'x') }
    const long = await source.commitOf(await source.tree([{ ...blob, name: 'x'.repeat(256) }]))
    await expect(listTree(repository, long, limits)).rejects.toMatchObject({ code: 'invalid-tree' })
    let tree = await source.tree([{ ...blob, name: 'x' }])
    for (let depth = 0; depth < 9; depth++)
      tree = await source.tree([{ mode: '40000', name: 'd'.repeat(250), object: tree }])
    await expect(listTree(repository, await source.commitOf(tree), limits)).rejects.toMatchObject({
      code: 'invalid-tree',
    })
  })

  it('of what is not there is an error, not an empty tree', async () => {
    await expect(listTree(repository, 'f'.repeat(40), limits)).rejects.toThrow('ls-tree')
  })
})

describe('changed paths', () => {
  it('tell what was added, modified and deleted', async () => {
    const from = await source.commit([
      { path: 'mode', content: 'x' },
      { path: 'kind', content: 'x' },
      { path: 'gone', content: 'x' },
      { path: 'same', content: 'x' },
      { path: 'swap', content: 'x' },
    ])
    const to = await source.commit([
      { path: 'mode', mode: '100755', content: 'x' },
      { path: 'kind', mode: '120000', content: 'x' },
      { path: 'same', content: 'x' },
      { path: 'swap/new', content: 'x' },
    ])
    const changes = await changedPaths(repository, { from, to })
    expect(changes.map(({ path, status, mode }) => [String(path), status, mode]).sort()).toEqual([
      ['gone', 'deleted', '000000'],
      ['kind', 'modified', '120000'],
      ['mode', 'modified', '100755'],
      ['swap', 'deleted', '000000'],
      ['swap/new', 'added', '100644'],
    ])
  })
})
