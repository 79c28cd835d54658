import { lstat, mkdir, mkdtemp, readFile, readlink, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import fc from 'fast-check'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { linkStorage, planStorage } from '../../../src/buildpacks/storage-links.ts'

let directory: string
let tree: string

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'storage-links-'))
  tree = join(directory, 'tree')
  await mkdir(tree)
})
afterEach(async () => await rm(directory, { recursive: true }))

async function file(path: string, content = path): Promise<void> {
  await mkdir(dirname(join(tree, path)), { recursive: true })
  await writeFile(join(tree, path), content)
}

describe('a plan of storage', () => {
  it('has each path once, the inner ones with the outer', () => {
    expect(planStorage(['b/', './a', 'a/b', 'b/', 'a-b', 'c/d/'])).toEqual(['a/', 'a-b', 'b/', 'c/d/'])
  })

  it.each(['', '.', './', '/', '/etc', '..', '../x', 'a/../b', 'a//b', 'a\0b', 'a\nb', 'a\\b', '.git', 'a/.GIT/x'])(
    'refuses %j',
    (path) => {
      expect(() => planStorage([path])).toThrow(expect.objectContaining({ code: 'invalid-site-config' }))
    },
  )

  it.each(['hosting.toml', 'x'.repeat(256), 'x/'.repeat(600)])('refuses %j', (path) => {
    expect(() => planStorage([path])).toThrow(expect.objectContaining({ code: 'invalid-site-config' }))
  })

  it('refuses more paths than anybody needs', () => {
    expect(() => planStorage(Array.from({ length: 65 }, (_, index) => `p${index}`))).toThrow('65 paths')
  })

  it('never leads out of the tree, and is the same when planned again', () => {
    const name = fc.constantFrom('.', '..', '', 'a', 'b.php', '.git', 'x y', 'é')
    const path = fc.array(name, { minLength: 1, maxLength: 4 }).map((names) => names.join('/'))
    fc.assert(
      fc.property(fc.array(path, { maxLength: 5 }), (paths) => {
        let planned: string[]
        try {
          planned = planStorage(paths)
        } catch (error) {
          expect(error).toMatchObject({ code: 'invalid-site-config' })
          return
        }
        expect(planStorage(planned)).toEqual(planned)
        for (const one of planned) expect(join('/tree', one)).toMatch(/^\/tree\/[^/]/)
      }),
    )
  })
})

describe('linking storage', () => {
  it('puts aside what the repository holds and leaves a link', async () => {
    await file('wp-content/uploads/a.txt', 'first')
    await file('config.php')
    const linked = await linkStorage({ directory, tree }, ['wp-content/uploads', 'config.php'])
    expect(linked).toEqual(['config.php', 'wp-content/uploads/'])
    expect(await readlink(join(tree, 'wp-content/uploads'))).toBe('/storage/wp-content/uploads')
    expect(await readlink(join(tree, 'config.php'))).toBe('/storage/config.php')
    expect(await readFile(join(directory, 'seed/wp-content/uploads/a.txt'), 'utf8')).toBe('first')
    expect(await readFile(join(directory, 'seed/config.php'), 'utf8')).toBe('config.php')
  })

  it('makes a link where the repository holds nothing: a name with a dot is a file', async () => {
    const paths = ['data/cache', 'data/local.conf', 'conf.d/', 'sub/LocalSettings.php']
    expect(await linkStorage({ directory, tree }, paths)).toEqual([
      'conf.d/',
      'data/cache/',
      'data/local.conf',
      'sub/LocalSettings.php',
    ])
    expect(await readlink(join(tree, 'sub/LocalSettings.php'))).toBe('/storage/sub/LocalSettings.php')
    expect((await lstat(join(tree, 'data'))).isDirectory()).toBe(true)
  })

  // The attack: a repository whose folder is a link to somewhere else on the server, and storage below it.
  it('does not follow a link of the repository', async () => {
    const elsewhere = await mkdtemp(join(tmpdir(), 'elsewhere-'))
    await mkdir(join(elsewhere, 'uploads'))
    await symlink(elsewhere, join(tree, 'content'))
    await symlink(elsewhere, join(tree, 'link'))
    await expect(linkStorage({ directory, tree }, ['content/uploads'])).rejects.toThrow('no folder')
    await expect(linkStorage({ directory, tree }, ['link'])).rejects.toThrow('symbolic link')
    expect((await lstat(join(elsewhere, 'uploads'))).isDirectory()).toBe(true)
    await rm(elsewhere, { recursive: true })
  })

  it('says which file is in the way of a folder', async () => {
    await file('data')
    await expect(linkStorage({ directory, tree }, ['data/cache'])).rejects.toThrow('data/cache lies in data')
  })
})
