// Links in an uploaded tree: one that stays in its site is followed as anywhere; one that leads into another site of the same account leads
// nowhere. What a site holds (its code writes its storage, others push to it) must not choose where somebody's upload ends up.
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type Platform, startPlatform } from '../helpers/platform.ts'
import { mustBeOk, Uploader } from '../helpers/uploader.ts'
import { WorkingCopy } from '../helpers/working-copy.ts'

let platform: Platform
let ann: Uploader
let home: string

beforeAll(async () => {
  platform = await startPlatform({ flags: { 'sftp-quiet-seconds': '0.3' } })
  ann = new Uploader(await platform.addPerson('ann'), platform)
  home = ann.person.home
  for (const site of ['demo', 'other']) {
    const copy = await WorkingCopy.create(ann.person, site, { 'index.html': site, 'real/page.html': `page of ${site}` })
    await copy.pushOk()
  }
  await writeFile(join(home, 'new.txt'), 'new')
})
afterAll(async () => await platform[Symbol.asyncDispose]())

const fetched = async (name: string) => await readFile(join(home, name), 'utf8')

describe('a link within its site', () => {
  beforeAll(async () => {
    await ann.sftpOk(
      'symlink real demo.localhost/folder',
      'symlink ../folder/page.html demo.localhost/real/page',
      'symlink /demo.localhost/real demo.localhost/absolute',
    )
  })

  it('is followed by what reads', async () => {
    for (const path of ['folder/page.html', 'real/page', 'absolute/page.html', 'folder/../real/page'])
      await ann.sftpOk(`get demo.localhost/${path} got`)
    expect(await fetched('got')).toBe('page of demo')
    expect((await ann.sftpOk('cd demo.localhost/folder', 'pwd', 'ls -1')).stdout).toContain('page.html')
    expect((await ann.sftpOk('ls -1 demo.localhost/absolute/')).stdout).toContain('page.html')
    mustBeOk(await ann.scp('-O', 'x@127.0.0.1:/demo.localhost/folder/page.html', 'by-scp'))
    expect(await fetched('by-scp')).toBe('page of demo')
  })

  it('is followed by what writes', async () => {
    await ann.sftpOk(
      'put new.txt demo.localhost/folder/a.txt',
      'rename demo.localhost/folder/a.txt demo.localhost/absolute/b.txt',
      'chmod 755 demo.localhost/folder/b.txt',
      'mkdir demo.localhost/folder/deep',
      'put -p new.txt demo.localhost/absolute/deep/c.txt',
      'ln demo.localhost/folder/b.txt demo.localhost/folder/deep/d.txt',
      'rm demo.localhost/absolute/deep/d.txt',
    )
    const { stdout } = await ann.sftpOk('ls -l demo.localhost/real/b.txt', 'ls -1 demo.localhost/real/deep')
    expect(stdout).toMatch(/-rwxr-xr-x[^\n]*b\.txt/)
    expect(stdout).toContain('c.txt')
    expect(stdout).not.toContain('d.txt')
  })

  it('can be one of a ring, which is an error', async () => {
    await ann.sftpOk('symlink ring demo.localhost/ring')
    expect((await ann.sftp('get demo.localhost/ring/x')).exitCode).not.toBe(0)
    await ann.sftpOk('rm demo.localhost/ring')
  })
})

describe('a link into another site', () => {
  const targets = [
    '../other.localhost',
    '/other.localhost',
    'real/../../other.localhost',
    '/.releases/other.localhost/1',
  ]

  it('is neither read nor written through', async () => {
    for (const [index, target] of targets.entries()) {
      const link = `demo.localhost/link${index}`
      await ann.sftpOk(`symlink ${target} ${link}`)
      for (const line of [
        `get ${link}/index.html`,
        `ls -1 ${link}/`,
        `put new.txt ${link}/new.txt`,
        `rm ${link}/index.html`,
      ])
        expect((await ann.sftp(line)).exitCode, `${line} (${target})`).not.toBe(0)
      expect((await ann.sftp(`rename ${link}/index.html ${link}/gone.html`)).exitCode).not.toBe(0)
      expect((await ann.rsync('new.txt', `x@127.0.0.1:/${link}/`)).exitCode).not.toBe(0)
    }
    const { stdout } = await ann.sftpOk('ls -1 other.localhost')
    expect(stdout).toContain('index.html')
    expect(stdout).not.toContain('new.txt')
  })

  it('is not written through either when it stands for a file', async () => {
    await ann.sftpOk('symlink ../other.localhost/index.html demo.localhost/victim.html')
    await ann.sftp('put new.txt demo.localhost/victim.html')
    await ann.scp('new.txt', 'x@127.0.0.1:/demo.localhost/victim.html')
    await ann.scp('-O', 'new.txt', 'x@127.0.0.1:/demo.localhost/victim.html')
    await ann.sftpOk('get other.localhost/index.html still')
    expect(await fetched('still')).toBe('other')
  })

  it('can be removed as any other', async () => {
    await ann.sftpOk(...targets.map((_, index) => `rm demo.localhost/link${index}`))
  })
})
