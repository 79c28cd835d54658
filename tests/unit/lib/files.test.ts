import { lstat, mkdir, mkdtemp, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import {
  absentAsUndefined,
  ensureDirectory,
  exists,
  findSymlink,
  removeTree,
  replaceSymlink,
  writeFileAtomic,
} from '../../../src/lib/files.ts'
import { createId, idSchema } from '../../../src/lib/id.ts'

let directory: string
beforeEach(async () => (directory = await mkdtemp(join(tmpdir(), 'hosting-files-'))))
afterEach(async () => await rm(directory, { recursive: true, force: true }))
const at = (name: string) => join(directory, name)

describe('a file written atomically', () => {
  it('is whole, has its mode and leaves nothing beside it', async () => {
    await writeFileAtomic(at('file'), 'one')
    await writeFileAtomic(at('file'), 'two', 0o600)
    expect(await readFile(at('file'), 'utf8')).toBe('two')
    expect((await lstat(at('file'))).mode & 0o777).toBe(0o600)
    expect(await readdir(directory)).toEqual(['file'])
  })

  it('is old or new to whoever reads meanwhile', async () => {
    await writeFileAtomic(at('file'), 'a'.repeat(100_000))
    const writing = writeFileAtomic(at('file'), 'b'.repeat(100_000))
    const seen = new Set<string>()
    for (let turn = 0; turn < 20; turn++) seen.add(await readFile(at('file'), 'utf8'))
    await writing
    for (const content of seen) expect(content).toMatch(/^(a{100000}|b{100000})$/)
  })
})

describe('a symbolic link', () => {
  it('is replaced, and found', async () => {
    for (const target of ['one', 'two']) await replaceSymlink(at('link'), target)
    expect(await findSymlink(at('link'))).toBe('two')
    expect(await findSymlink(at('absent'))).toBeUndefined()
    await writeFile(at('file'), '')
    expect(await findSymlink(at('file'))).toBeUndefined()
    expect(await exists(at('link'))).toBe(true)
  })

  it('is not followed when a tree is removed', async () => {
    await mkdir(at('tree'))
    await writeFile(at('kept'), '')
    await symlink(directory, at('tree/out'))
    await removeTree(at('tree'))
    await removeTree(at('tree'))
    expect(await readdir(directory)).toEqual(['kept'])
  })
})

describe('what is absent', () => {
  it('is an answer; other failures are not', async () => {
    expect(await absentAsUndefined(readFile(at('absent')))).toBeUndefined()
    await expect(absentAsUndefined(readFile(directory))).rejects.toMatchObject({ code: 'EISDIR' })
  })

  it('may be made twice', async () => {
    for (let turn = 0; turn < 2; turn++) await ensureDirectory(at('a/b'))
    expect(await exists(at('a/b'))).toBe(true)
  })
})

describe('an id', () => {
  it('sorts by its time, fits its schema and is not made twice', () => {
    const times = [0, 1, 1_800_000_000_000, 1_800_000_000_001, 2_500_000_000_000]
    const ids = times.map((time) => createId(new Date(time)))
    expect([...ids].sort()).toEqual(ids)
    for (const id of ids) expect(idSchema.safeParse(id).success).toBe(true)
    expect(new Set(Array.from({ length: 1000 }, () => createId())).size).toBe(1000)
  })
})
