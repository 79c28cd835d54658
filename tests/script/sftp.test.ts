// What people who don't use Git see: files that they drop become commits, and commits become releases.
import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type Platform, startPlatform } from '../helpers/platform.ts'
import { releasesOf, untilRelease, Uploader } from '../helpers/uploader.ts'
import { WorkingCopy } from '../helpers/working-copy.ts'

let platform: Platform
let ann: Uploader
let bob: Uploader
let copy: WorkingCopy

const write = async (who: Uploader, name: string, content: string | Uint8Array) => {
  const path = join(who.person.home, name)
  await mkdir(join(path, '..'), { recursive: true })
  await writeFile(path, content)
}

beforeAll(async () => {
  platform = await startPlatform({ flags: { 'sftp-quiet-seconds': '1', 'health-timeout': '2' } })
  ann = new Uploader(await platform.addPerson('ann'), platform)
  bob = new Uploader(await platform.addPerson('bob'), platform)
  copy = await WorkingCopy.create(ann.person, 'demo', { 'index.html': 'one', 'images/logo.txt': 'logo' })
  await copy.pushOk()
})

afterAll(async () => {
  await platform[Symbol.asyncDispose]()
})

describe('what an account sees', () => {
  it('is its sites, and nothing of the machine', async () => {
    expect(
      (await ann.sftpOk('ls -1a /')).stdout
        .split('\n')
        .slice(1)
        .map((line) => line.trim())
        .filter(Boolean)
        .sort(),
    ).toEqual(['/.', '/..', '/.releases', '/demo.localhost'].sort())
    const listed = await ann.sftpOk('cd demo.localhost', 'ls -1', 'cd ../..', 'pwd', 'ls -1 /.releases/demo.localhost')
    expect(listed.stdout).toContain('images')
    expect(listed.stdout).toContain('index.html')
    expect(listed.stdout).toContain('Remote working directory: /\n')
    expect(listed.stdout).toContain('/.releases/demo.localhost/1')
    for (const path of ['/lib', '/usr', '/etc/passwd', '/proc', '/dev/null', '/enter.so', '/storage'])
      expect((await ann.sftp(`ls ${path}`)).exitCode, path).not.toBe(0)
  })

  it('is nobody else’s', async () => {
    expect((await bob.sftpOk('ls -1 /')).stdout).not.toContain('demo')
  })
})

describe('an upload', () => {
  it('becomes one commit, proven and live, of the account', async () => {
    await write(ann, 'a.html', 'page a')
    await write(ann, 'logo.txt', 'new logo')
    await ann.sftpOk('put a.html demo.localhost/images/a.html', 'put logo.txt demo.localhost/images/logo.txt')
    const release = await untilRelease(ann.person, 'demo', 'SFTP: 2 files changed in images/')
    expect(release).toMatchObject({ state: 'live', account: 'ann' })
    expect(await platform.get('demo', '/images/a.html')).toMatchObject({ status: 200, text: 'page a' })
    await copy.git('pull', '-q', '--rebase', 'hosting', 'main')
    expect((await copy.git('log', '-1', '--format=%an|%s')).stdout.trim()).toBe('ann|SFTP: 2 files changed in images/')
    expect(await readFile(join(copy.directory, 'images/logo.txt'), 'utf8')).toBe('new logo')
  })

  it('is committed while the session goes on, once it is quiet', async () => {
    await write(ann, 'quiet.html', 'quiet')
    const before = (await releasesOf(ann.person, 'demo')).length
    await ann.sftpOk('put quiet.html demo.localhost/', '!sleep 4', 'put quiet.html demo.localhost/again.html')
    await untilRelease(ann.person, 'demo', 'SFTP: 1 file changed')
    await expect.poll(async () => (await releasesOf(ann.person, 'demo')).length, { timeout: 20_000 }).toBe(before + 2)
  })

  it('may remove, rename and replace a folder by a file', async () => {
    await ann.sftpOk(
      'rename demo.localhost/again.html demo.localhost/moved.html',
      'rm demo.localhost/quiet.html',
      'rm demo.localhost/images/*',
      'rmdir demo.localhost/images',
      'put a.html demo.localhost/images',
    )
    await untilRelease(ann.person, 'demo', 'SFTP: 6 files changed')
    expect(await platform.get('demo', '/moved.html')).toMatchObject({ text: 'quiet' })
    expect((await platform.get('demo', '/quiet.html')).status).toBe(404)
  })

  it('that breaks hosting.toml is refused as a push is, told at the next login, and kept', async () => {
    await write(ann, 'bad.toml', 'rot = "public"')
    await ann.sftpOk('put bad.toml demo.localhost/hosting.toml')
    const failed = await untilRelease(ann.person, 'demo', 'SFTP: 1 file changed')
    expect(failed).toMatchObject({ state: 'failed' })
    expect(await platform.get('demo')).toMatchObject({ text: 'one' })
    const next = await ann.sftpOk('ls -1 demo.localhost', 'rm demo.localhost/hosting.toml')
    expect(next.stderr).toContain('hosting.toml')
    expect(next.stderr).toContain('sftp/ann')
    expect(next.stdout).toContain('hosting.toml')
    expect((await ann.person.git(['ls-remote', ann.person.remoteOf('demo')])).stdout).toContain('refs/heads/sftp/ann')
  })
})
