// What is done below an open directory stays below it, whatever somebody puts in the way.
import { mkdir, mkdtemp, readFile, rename, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { Directory, namesOf } from '../../../src/lib/directory.ts'
import { execOk } from '../../../src/lib/exec.ts'

let root: string
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'directory-'))
  for (const name of ['inside', 'inside/sub', 'outside']) await mkdir(join(root, name))
  await writeFile(join(root, 'outside/secret'), 'secret')
  await symlink('../outside', join(root, 'inside/link'))
  await symlink('../outside/secret', join(root, 'inside/file-link'))
})
afterEach(async () => await rm(root, { recursive: true }))

describe('an open directory', () => {
  it('follows no link', async () => {
    await using inside = await Directory.open(join(root, 'inside'))
    expect(await inside.directory('link')).toBeUndefined()
    expect(await inside.file('file-link')).toBeUndefined()
    await expect(inside.makeFile('file-link')).rejects.toThrow('EEXIST')
    await expect(inside.makeDirectory('link')).rejects.toThrow('EEXIST')
    await inside.remove('file-link')
    expect(await readFile(join(root, 'outside/secret'), 'utf8')).toBe('secret')
    await expect(Directory.open(join(root, 'inside/link'))).rejects.toThrow()
  })

  it.each(['', '.', '..', '../outside', 'sub/x', '/etc', 'a\0b'])('knows no name %j', async (name) => {
    await using inside = await Directory.open(join(root, 'inside'))
    await expect(inside.directory(name)).rejects.toThrow('not the name of a file')
    await expect(inside.makeFile(name)).rejects.toThrow('not the name of a file')
  })

  it('stays where it is when its path leads elsewhere meanwhile', async () => {
    await using inside = await Directory.open(join(root, 'inside'))
    await using sub = await inside.directory('sub')
    await rename(join(root, 'inside/sub'), join(root, 'inside/moved'))
    await symlink('../outside', join(root, 'inside/sub'))
    await using file = await sub?.makeFile('new')
    await file?.writeFile('x')
    expect(await readFile(join(root, 'inside/moved/new'), 'utf8')).toBe('x')
    await expect(readFile(join(root, 'outside/new'))).rejects.toThrow('ENOENT')
  })

  it('reads regular files only: a FIFO would wait for a writer', async () => {
    await execOk('mkfifo', [join(root, 'inside/fifo')])
    await using inside = await Directory.open(join(root, 'inside'))
    expect(await inside.file('fifo')).toBeUndefined()
    expect(await inside.file('missing')).toBeUndefined()
  })

  it('takes names that are no UTF-8', async () => {
    await using inside = await Directory.open(join(root, 'inside'))
    const [name = ''] = namesOf('café')
    const raw = 'a\xff\nb'
    await using one = await inside.makeFile(name)
    await using other = await inside.makeFile(raw)
    expect([one.fd === other.fd, await inside.names()]).toEqual([false, expect.arrayContaining([name, raw])])
    expect(await readFile(join(root, 'inside/café'), 'utf8')).toBe('')
  })

  it('moves a file to no name that is taken', async () => {
    await using inside = await Directory.open(join(root, 'inside'))
    await using file = await inside.makeFile('new')
    await file.writeFile('new')
    await expect(inside.moveFile('new', inside, 'file-link')).rejects.toThrow('EEXIST')
    await inside.moveFile('new', inside, 'moved')
    expect(await inside.names()).toEqual(['file-link', 'link', 'moved', 'sub'])
  })
})
