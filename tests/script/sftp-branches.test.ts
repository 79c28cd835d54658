// Branches beside uploads: the deployed one that is not there yet, or is another one meanwhile, and those on which uploads are kept.
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { type Platform, startPlatform } from '../helpers/platform.ts'
import { mustBeOk, Uploader } from '../helpers/uploader.ts'
import { until } from '../helpers/until.ts'
import { WorkingCopy } from '../helpers/working-copy.ts'

let platform: Platform
let ann: Uploader
let copy: WorkingCopy

beforeAll(async () => {
  platform = await startPlatform({ flags: { 'sftp-quiet-seconds': '0.3' } })
  ann = new Uploader(await platform.addPerson('ann'), platform)
  copy = await WorkingCopy.create(ann.person, 'demo', { 'index.html': 'index', 'a.html': 'a' })
  await copy.pushOk()
  await writeFile(join(ann.person.home, 'new.html'), 'new')
  await writeFile(join(ann.person.home, 'bad.toml'), 'rot = 1')
})
afterAll(async () => await platform[Symbol.asyncDispose]())

const statusOf = async (path: string) => (await platform.get('demo', path)).status
const headOf = async (branch: string) =>
  (await ann.person.git(['ls-remote', ann.person.remoteOf('demo'), `refs/heads/${branch}`])).stdout.split('\t')[0] ?? ''
const rsync = async (from: string, to: string) => await ann.rsync(from, `x@127.0.0.1:demo.localhost/${to}`)

it('a deployed branch that is not there yet begins with what is live', async () => {
  await ann.person.ssh('branch demo next')
  mustBeOk(await rsync('new.html', 'new.html'))
  expect([await statusOf('/new.html'), await statusOf('/a.html'), await statusOf('/')]).toEqual([200, 200, 200])
  await ann.person.ssh('branch demo main')
  mustBeOk(await rsync('new.html', 'other.html'))
  expect([await statusOf('/other.html'), await statusOf('/new.html'), await statusOf('/a.html')]).toEqual([
    200, 404, 200,
  ])
})

it('what others have on a branch of that name stays; the upload is kept on another', async () => {
  await copy.git('pull', '-q', '--rebase', 'hosting', 'main')
  await copy.git('push', '-q', 'hosting', 'HEAD:refs/heads/sftp/ann')
  const theirs = await headOf('sftp/ann')
  const refused = await rsync('bad.toml', 'hosting.toml')
  expect([refused.exitCode, refused.stderr]).toEqual([23, expect.stringContaining('branch sftp/ann-2')])
  expect(await headOf('sftp/ann')).toBe(theirs)
  const first = await headOf('sftp/ann-2')
  await writeFile(join(ann.person.home, 'bad.toml'), 'rot = 2')
  expect((await rsync('bad.toml', 'hosting.toml')).stderr).toContain('branch sftp/ann-2')
  expect(await headOf('sftp/ann-2')).not.toBe(first)
  await ann.sftpOk('rm demo.localhost/hosting.toml')
  await until('nothing to be told', async () => !(await ann.person.ssh('info demo')).output.includes('Your uploads'))
})

it('a branch below it leaves no room, and keeps nothing else from going live', async () => {
  await copy.git(
    'push',
    '-q',
    'hosting',
    ':refs/heads/sftp/ann',
    ':refs/heads/sftp/ann-2',
    'HEAD:refs/heads/sftp/ann/x',
  )
  const other = await WorkingCopy.create(ann.person, 'other', { 'index.html': 'other' })
  await other.pushOk()
  await writeFile(join(ann.person.home, 'bad.toml'), 'rot = 3')
  await ann.sftpOk('put bad.toml demo.localhost/hosting.toml', 'put new.html other.localhost/new.html')
  await until('the other site to have it', async () => (await platform.get('other', '/new.html')).status === 200)
  await until('it to be told', async () => (await ann.person.ssh('info demo')).output.includes('branch sftp/ann-2'))
})
