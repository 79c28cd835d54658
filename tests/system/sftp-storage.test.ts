// Storage in its place: what is uploaded there is the site's at once, outside of Git, within its quota; whatever the site puts in the way.
import { lstat, mkdir, readFile, rename, rm, symlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { siteUid } from '../../src/names/site-uid.ts'
import { type Platform, startPlatform } from '../helpers/platform.ts'
import { releasesOf, Uploader } from '../helpers/uploader.ts'
import { until } from '../helpers/until.ts'
import { WorkingCopy } from '../helpers/working-copy.ts'

let platform: Platform
let ann: Uploader
let storage: string

beforeAll(async () => {
  platform = await startPlatform({ flags: { 'sftp-quiet-seconds': '1', 'storage-mb': '16', 'max-release-mb': '8' } })
  ann = new Uploader(await platform.addPerson('ann'), platform)
  const copy = await WorkingCopy.create(ann.person, 'demo', {
    'index.php':
      '<?php file_put_contents("uploads/by-site.txt", "by the site"); echo file_get_contents("uploads/x.txt");',
    'uploads/x.txt': 'as pushed',
    'deep/conf.ini': 'as pushed',
    'hosting.toml': 'storage = ["uploads", "deep/conf.ini"]',
  })
  await copy.pushOk()
  storage = join(platform.home.storage, 'demo.localhost')
  await writeFile(join(ann.person.home, 'x.txt'), 'uploaded')
})

afterAll(async () => {
  await platform[Symbol.asyncDispose]()
})

const uploads = async () => ((await ann.person.json('info demo')) as { uploads: string[] }).uploads.join('\n')

it('is written at once, belongs to the site, and makes no commit', async () => {
  expect(await platform.get('demo')).toMatchObject({ text: 'as pushed' })
  const before = (await releasesOf(ann.person, 'demo')).length
  const { stdout } = await ann.sftpOk(
    'get demo.localhost/uploads/by-site.txt',
    'put x.txt demo.localhost/uploads/x.txt',
    'mkdir demo.localhost/uploads/new',
    'put x.txt demo.localhost/uploads/new/x.txt',
    'put x.txt demo.localhost/deep/conf.ini',
    'ls -1 demo.localhost demo.localhost/uploads demo.localhost/deep',
  )
  for (const path of ['index.php', 'uploads/new', 'uploads/by-site.txt', 'deep/conf.ini'])
    expect(stdout).toContain(path)
  expect(await readFile(join(ann.person.home, 'by-site.txt'), 'utf8')).toBe('by the site')
  expect(await platform.get('demo')).toMatchObject({ text: 'uploaded' })
  const id = (await lstat(storage)).uid
  for (const path of ['uploads/x.txt', 'uploads/new', 'uploads/new/x.txt', 'deep/conf.ini', 'uploads/by-site.txt'])
    expect((await lstat(join(storage, path))).uid, path).toBe(id)
  expect(id).toBeGreaterThan(siteUid(0))
  // What the repository holds there is not taken for removed.
  await ann.sftpOk('put x.txt demo.localhost/page.txt')
  await until('it to be live', async () => (await platform.get('demo', '/page.txt')).status === 200)
  expect(await releasesOf(ann.person, 'demo')).toHaveLength(before + 1)
  const clone = await WorkingCopy.clone(ann.person, 'demo')
  expect((await clone.git('ls-files')).stdout.split('\n').filter(Boolean)).toEqual([
    'deep/conf.ini',
    'hosting.toml',
    'index.php',
    'page.txt',
    'uploads/x.txt',
  ])
  expect(await readFile(join(clone.directory, 'uploads/x.txt'), 'utf8')).toBe('as pushed')
})

it('that differs from the repository is shown, and committed back', async () => {
  expect(await ann.person.json('drift demo')).toEqual([
    { path: 'deep/conf.ini', change: 'changed', bytes: 8 },
    { path: 'uploads/by-site.txt', change: 'added', bytes: 11 },
    { path: 'uploads/new/x.txt', change: 'added', bytes: 8 },
    { path: 'uploads/x.txt', change: 'changed', bytes: 8 },
  ])
  const committed = await ann.person.ssh('drift:commit demo --message "As installed"')
  expect(committed.output).toContain('4 files committed to main')
  expect(await releasesOf(ann.person, 'demo')).toMatchObject([{ state: 'live', subject: 'As installed' }, {}, {}])
  const clone = await WorkingCopy.clone(ann.person, 'demo')
  expect(await readFile(join(clone.directory, 'deep/conf.ini'), 'utf8')).toBe('uploaded')
  expect(await ann.person.json('drift demo')).toEqual([])
  expect((await ann.person.ssh('drift:commit demo')).exitCode).toBe(5)
})

it('has an end: its quota, which the client can ask for', async () => {
  await writeFile(join(ann.person.home, 'part.bin'), Buffer.alloc(7_000_000))
  const put = await ann.sftp(
    'df -h demo.localhost/uploads',
    'put part.bin demo.localhost/uploads/part.bin',
    'put part.bin demo.localhost/uploads/big.bin',
  )
  expect(put.exitCode).not.toBe(0)
  expect(put.stdout).toMatch(/1[0-6](\.\d)?MB/)
  expect(put.stderr).toContain('uploads/big.bin is refused: its storage is full')
  await until('it to be told', async () => /its storage is full.*\n.*uploads\/big\.bin/.test(await uploads()))
  expect((await ann.person.ssh('whoami')).stderr).toContain('its storage is full')
  await ann.sftpOk('rm demo.localhost/uploads/big.bin', 'rm demo.localhost/uploads/part.bin')
  expect(await uploads()).toBe('')
  expect((await ann.sftpOk('ls -1 /')).stderr).toBe('')
})

it('takes no larger file than the site does, which is told once', async () => {
  await writeFile(join(ann.person.home, 'long.bin'), Buffer.alloc(9_000_000))
  await ann.sftp('put long.bin demo.localhost/uploads/long.bin')
  await until('it to be told', async () => (await uploads()).includes('no file may be larger than 8 MB'))
  expect((await ann.sftpOk('rm demo.localhost/uploads/long.bin')).stderr).toContain('uploads/long.bin')
  await until('nothing to be told', async () => (await uploads()) === '')
})

it('leads nowhere when the site has put a link in its place', async () => {
  await rename(join(storage, 'uploads'), join(storage, 'away'))
  await symlink('/etc', join(storage, 'uploads'))
  expect((await ann.sftp('ls demo.localhost/uploads/passwd')).exitCode).not.toBe(0)
  expect((await ann.sftp('put x.txt demo.localhost/uploads/passwd')).exitCode).toBe(0)
  expect(await readFile('/etc/passwd', 'utf8')).not.toContain('uploaded')
  // Nor in storage, which is told.
  await until('it to be told', async () => (await ann.sftpOk('ls -1 /')).stderr.includes('uploads/passwd'))
  await ann.sftpOk('rm demo.localhost/uploads/passwd')
  await rm(join(storage, 'uploads'))
  await rename(join(storage, 'away'), join(storage, 'uploads'))
})

it('leads nowhere when the uploader has put a link in its place', async () => {
  const view = join(platform.home.uploads, '1-2/tree')
  await rename(join(view, 'deep'), join(view, 'away'))
  await mkdir('/tmp/sftp-nowhere', { recursive: true })
  await symlink('/tmp/sftp-nowhere', join(view, 'deep'))
  expect((await ann.sftp('ls demo.localhost/deep/conf.ini')).exitCode).not.toBe(0)
  await expect(lstat('/tmp/sftp-nowhere/conf.ini')).rejects.toThrow('ENOENT')
  await rm('/tmp/sftp-nowhere', { recursive: true })
})
