import { lstat, mkdir, mkdtemp, readdir, readFile, readlink, rm, stat } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { pack } from 'tar-stream'
import { extractTree } from '../../../../src/buildpacks/static/extract.ts'

type Entry = Parameters<ReturnType<typeof pack>['entry']>[0] & { content?: string }

let home: string
let directory: string
beforeEach(async () => {
  home = await mkdtemp(join(tmpdir(), 'extract-'))
  directory = join(home, 'built')
  await mkdir(directory)
})
afterEach(async () => {
  await rm(home, { recursive: true })
})

async function unpack(entries: Entry[], limits?: { maxEntries: number; maxBytes: number }): Promise<void> {
  const tar = pack()
  for (const { content = '', ...header } of entries) tar.entry(header, content)
  tar.finalize()
  // @ts-expect-error streamx and Node name their streams' types differently
  await extractTree(tar, directory, limits)
}

async function listed(): Promise<string[]> {
  return (await readdir(directory, { recursive: true })).sort()
}

describe('extractTree', () => {
  it('unpacks files, folders and links, without set-user-ID bits', async () => {
    await unpack([
      { name: './', type: 'directory' },
      { name: './dist/', type: 'directory' },
      { name: './dist/a.html', content: 'a', mode: 0o6755 },
      { name: 'no/folder/entry.txt', content: 'b' },
      { name: 'dist/hard.html', type: 'link', linkname: 'dist/a.html' },
      { name: 'dist/soft.html', type: 'symlink', linkname: '../no/folder/entry.txt' },
      { name: `dist/${'long'.repeat(40)}-é.html`, content: 'c' },
    ])
    expect(await readFile(join(directory, 'dist/hard.html'), 'utf8')).toBe('a')
    expect(await readFile(join(directory, 'dist/soft.html'), 'utf8')).toBe('b')
    expect(await readFile(join(directory, `dist/${'long'.repeat(40)}-é.html`), 'utf8')).toBe('c')
    expect((await stat(join(directory, 'dist/a.html'))).mode & 0o7777).toBe(0o644)
  })

  // The attack: a build that writes outside of its release.
  it.each(['../evil', '/evil', 'a/../../evil', '..'])('leaves out the name %s', async (name) => {
    await unpack([{ name, content: 'evil' }])
    expect([await listed(), await readdir(home)]).toEqual([[], ['built']])
  })

  // The attack: a link first, then a file written through it.
  it.each(['/tmp', '..', '../built', '.'])('never writes through a link to %s', async (linkname) => {
    await unpack([
      { name: 'link', type: 'symlink', linkname },
      { name: 'link/evil', content: 'evil' },
    ])
    expect(await readdir(home)).toEqual(['built'])
    expect((await lstat(join(directory, 'link'))).isDirectory()).toBe(true)
    expect(await listed()).toEqual(['link', 'link/evil'])
  })

  it.each(['/etc/passwd', '../../etc', 'a/../../x', '../x', 'b/..'])('leaves out a link to %s', async (linkname) => {
    await unpack([{ name: 'link', type: 'symlink', linkname }])
    expect(await listed()).toEqual([])
  })

  it.each(['/etc/passwd', '../../etc/passwd', 'missing'])('leaves out a hard link to %s', async (linkname) => {
    await unpack([{ name: 'link', type: 'link', linkname }])
    expect(await listed()).toEqual([])
  })

  it('leaves out devices, pipes, node_modules and .git', async () => {
    await unpack([
      { name: 'null', type: 'character-device', devmajor: 1, devminor: 3 },
      { name: 'pipe', type: 'fifo' },
      { name: 'node_modules/x/index.js', content: 'x' },
      { name: '.git/config', content: 'x' },
    ])
    expect(await listed()).toEqual([])
  })

  it('keeps the first of two entries with one name', async () => {
    await unpack([
      { name: 'a', content: 'first' },
      { name: 'a', content: 'second' },
      { name: 'a/b', content: 'below a file' },
      { name: 'a', type: 'symlink', linkname: 'b' },
    ])
    expect(await readFile(join(directory, 'a'), 'utf8')).toBe('first')
    await expect(readlink(join(directory, 'a'))).rejects.toMatchObject({ code: 'EINVAL' })
  })

  it.each([
    { maxEntries: 1, maxBytes: 100 },
    { maxEntries: 10, maxBytes: 3 },
  ])('stops at %j', async (limits) => {
    const entries = [
      { name: 'a', content: 'aa' },
      { name: 'b', content: 'bb' },
    ]
    await expect(unpack(entries, limits)).rejects.toMatchObject({ code: 'too-large' })
  })
})
