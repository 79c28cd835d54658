import { createHash } from 'node:crypto'
import { link, mkdir, mkdtemp, readFile, rm, stat, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { fillPointers } from '../../../../src/git/lfs/fill.ts'
import { findRecord, writeRecord } from '../../../../src/git/tree-record.ts'

const content = 'the real thing, which is large'
const oid = createHash('sha256').update(content).digest('hex')
const pointer = (id = oid, size = content.length) =>
  `version https://git-lfs.github.com/spec/v1\noid sha256:${id}\nsize ${size}\n`

let place: string
let tree: string

beforeEach(async () => {
  place = await mkdtemp(join(tmpdir(), 'lfs-fill-'))
  tree = join(place, 'tree')
  await mkdir(join(tree, 'deep', 'er'), { recursive: true })
  await writeFile(join(place, oid), content)
})
afterEach(async () => await rm(place, { recursive: true }))

async function fill(paths?: string[], maxBytes = 1_000_000): Promise<number> {
  return await fillPointers({
    ...{ tree, maxBytes, pathOf: (id) => join(place, id), signal: new AbortController().signal },
    paths: paths?.map((path) => Buffer.from(path)),
  })
}
const read = (path: string) => readFile(join(tree, path), 'utf8')

describe('filling a tree', () => {
  it('puts the content in the place of each pointer, and leaves all else alone', async () => {
    for (const path of ['a.pdf', 'deep/er/b.pdf']) await writeFile(join(tree, path), pointer())
    await writeFile(join(tree, 'index.html'), 'hello')
    await writeFile(join(tree, 'like-one.txt'), pointer().replace('version', 'versions'))
    await symlink('a.pdf', join(tree, 'link.pdf'))
    expect(await fill()).toBe(2)
    for (const path of ['a.pdf', 'deep/er/b.pdf']) expect(await read(path)).toBe(content)
    expect(await read('index.html')).toBe('hello')
    expect(await fill()).toBe(0)
  })

  it('looks at what has changed only, where that is known', async () => {
    for (const path of ['a.pdf', 'b.pdf']) await writeFile(join(tree, path), pointer())
    expect(await fill(['a.pdf', 'gone.pdf', 'deep'])).toBe(1)
    expect(await read('b.pdf')).toBe(pointer())
  })

  it('does not write through a hard link that another release has, nor into the store', async () => {
    await writeFile(join(place, 'older.pdf'), pointer())
    await link(join(place, 'older.pdf'), join(tree, 'a.pdf'))
    await fill()
    expect(await readFile(join(place, 'older.pdf'), 'utf8')).toBe(pointer())
    await writeFile(join(tree, 'a.pdf'), 'a build wrote here')
    expect(await readFile(join(place, oid), 'utf8')).toBe(content)
  })

  it('keeps mode and time, and counts what lies there now', async () => {
    await writeFile(join(tree, 'a.pdf'), pointer(), { mode: 0o755 })
    const before = await stat(join(tree, 'a.pdf'))
    writeRecord(tree, {
      ...{ commit: 'c'.repeat(40), skipped: [] },
      contents: { files: 1, symlinks: 0, directories: 2, bytes: pointer().length },
    })
    await fill()
    const after = await stat(join(tree, 'a.pdf'))
    expect([after.mode, Math.floor(after.mtimeMs / 1000)]).toEqual([before.mode, Math.floor(before.mtimeMs / 1000)])
    expect(findRecord(tree)?.contents.bytes).toBe(content.length)
  })

  it('fails for what was never uploaded, and for what is too much', async () => {
    await writeFile(join(tree, 'a.pdf'), pointer('f'.repeat(64)))
    await expect(fill()).rejects.toMatchObject({
      code: 'invalid-tree',
      message: expect.stringContaining('a.pdf') as string,
    })
    const large = 'x'.repeat(1_000_001)
    const id = createHash('sha256').update(large).digest('hex')
    await writeFile(join(place, id), large)
    await writeFile(join(tree, 'a.pdf'), pointer(id, large.length))
    await expect(fill(undefined, 500_000)).rejects.toMatchObject({ code: 'too-large' })
  })

  // The attack: a thousand pointers that say "one byte" to one large file.
  it('takes no pointer that says another size than its file has', async () => {
    await writeFile(join(tree, 'a.pdf'), pointer(oid, 1))
    await expect(fill()).rejects.toMatchObject({
      code: 'invalid-tree',
      message: expect.stringContaining('1 bytes') as string,
    })
    expect(await read('a.pdf')).toBe(pointer(oid, 1))
  })
})
