// Git LFS with Debian's git-lfs: large files go beside the repository, over HTTPS and over SSH, and the site serves them.
import { createHash, randomBytes } from 'node:crypto'
import { readdir, readFile, utimes, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { systemClock } from '../../src/lib/clock.ts'
import { openStore } from '../../src/store/store.ts'
import { HttpsPerson } from '../helpers/https-person.ts'
import type { Person } from '../helpers/person.ts'
import { type Platform, startPlatform } from '../helpers/platform.ts'
import { runOk } from '../helpers/session.ts'
import { until } from '../helpers/until.ts'
import { releasesOf, untilRelease, Uploader } from '../helpers/uploader.ts'
import { WorkingCopy } from '../helpers/working-copy.ts'

const password = 'four words in a row'
const day = 24 * 3_600_000
const attributes = '*.pdf filter=lfs diff=lfs merge=lfs -text\n'
let platform: Platform
let ann: HttpsPerson
let annBySsh: Person
let bob: HttpsPerson

beforeAll(async () => {
  platform = await startPlatform({ flags: { 'lfs-mb': '4', 'sftp-quiet-seconds': '1' } })
  annBySsh = await platform.addPerson('ann')
  const bobBySsh = await platform.addPerson('bob')
  for (const person of [annBySsh, bobBySsh]) await person.ssh('password', { input: password })
  ann = new HttpsPerson(platform, { name: 'ann', secret: password })
  bob = new HttpsPerson(platform, { name: 'bob', secret: password })
})
afterAll(async () => await platform[Symbol.asyncDispose]())

const oidOf = (content: Buffer) => createHash('sha256').update(content).digest('hex')

/** Has the filters of git-lfs and its pre-push hook, as `git lfs install --local` makes them. */
async function lfsCopy(site: string, files: Readonly<Record<string, string | Uint8Array>>): Promise<string> {
  const copy = await ann.copyOf(site, { '.gitattributes': attributes })
  await ann.gitOk(['lfs', 'install', '--local'], copy)
  await ann.commit(copy, files)
  return copy
}

async function objectsOf(site: string): Promise<string[]> {
  const names = await readdir(join(platform.home.lfs, `${site}.localhost`), { recursive: true }).catch(() => [])
  return names.filter((name) => /[0-9a-f]{64}$/.test(name))
}

async function served(site: string, path: string): Promise<string> {
  const { stdout } = await runOk('curl', [
    ...['-sS', '-H', `Host: ${site}.localhost`, `http://127.0.0.1:${platform.httpPort}/${path}`],
    ...['-o', '/dev/null', '-w', '%{http_code} %{size_download}'],
  ])
  return stdout
}

describe('a site with large files', () => {
  const [first, second] = [randomBytes(700_000), randomBytes(800_000)]

  it('is made by its first push over HTTPS, and serves them and not their pointers', async () => {
    const copy = await lfsCopy('demo', { 'index.html': 'hello', 'a.pdf': first, 'b.pdf': second })
    const pushed = await ann.gitOk(['push', 'hosting', 'main'], copy)
    expect(pushed.stderr).toContain('checked out 4 files, 2 of them from Git LFS')
    expect(pushed.stderr).not.toMatch(/lock/i)
    expect(await served('demo', 'a.pdf')).toBe('200 700000')
    expect(await served('demo', 'b.pdf')).toBe('200 800000')
    expect((await objectsOf('demo')).map((name) => name.slice(-64)).sort()).toEqual(
      [oidOf(first), oidOf(second)].sort(),
    )
  })

  it('keeps them through a push that changes something else, and one that changes one of them', async () => {
    const place = join(ann.home, 'again')
    await ann.gitOk(['clone', '-q', ann.urlOf('demo'), place])
    await ann.gitOk(['lfs', 'install', '--local'], place)
    await ann.gitOk(['lfs', 'pull'], place)
    expect(await readFile(join(place, 'a.pdf'))).toEqual(first)
    await ann.commit(place, { 'index.html': 'changed' })
    const small = await ann.gitOk(['push', 'origin', 'main'], place)
    expect(small.stderr).not.toContain('Git LFS')
    expect(await served('demo', 'a.pdf')).toBe('200 700000')
    await ann.commit(place, { 'a.pdf': randomBytes(123_456) })
    expect((await ann.gitOk(['push', 'origin', 'main'], place)).stderr).toContain('1 of them from Git LFS')
    expect(await served('demo', 'a.pdf')).toBe('200 123456')
    expect(await served('demo', 'b.pdf')).toBe('200 800000')
    expect((await annBySsh.ssh('rollback demo 1')).exitCode).toBe(0)
    expect(await served('demo', 'a.pdf')).toBe('200 700000')
  })

  it('is pushed and cloned over SSH as well', async () => {
    const proxy = { http_proxy: ann.env['http_proxy']!, no_proxy: '' }
    const copy = await WorkingCopy.create(annBySsh, 'by-ssh', { '.gitattributes': attributes })
    await annBySsh.gitOk(['lfs', 'install', '--local'], { cwd: copy.directory })
    await copy.commit({ 'index.html': 'x', 'c.pdf': first })
    const pushed = await copy.pushOk(['main'], { env: proxy })
    expect(pushed.stderr).toContain('from Git LFS')
    for (const scary of ['locking API', 'Locking support', 'rror', 'unknown', 'not found'])
      expect(pushed.stderr).not.toContain(scary)
    expect(await served('by-ssh', 'c.pdf')).toBe('200 700000')
    const place = join(annBySsh.home, 'clone')
    await annBySsh.gitOk(['clone', '-q', annBySsh.remoteOf('by-ssh'), place])
    await annBySsh.gitOk(['lfs', 'install', '--local'], { cwd: place })
    await annBySsh.gitOk(['lfs', 'pull'], { cwd: place, env: proxy })
    expect(await readFile(join(place, 'c.pdf'))).toEqual(first)
  })

  it('is not deployed without them', async () => {
    const copy = await lfsCopy('half', { 'index.html': 'x', 'd.pdf': randomBytes(10_000) })
    const pushed = await ann.git(['push', '--no-verify', 'hosting', 'main'], copy)
    expect(pushed.exitCode).not.toBe(0)
    expect(pushed.stderr).toContain('d.pdf is a large file (Git LFS) whose content was never uploaded')
  })

  it('takes no more of them than it may', async () => {
    const copy = await lfsCopy('full', {
      'index.html': 'x',
      'e.pdf': randomBytes(3_000_000),
      'f.pdf': randomBytes(3_000_000),
    })
    const pushed = await ann.git(['push', 'hosting', 'main'], copy)
    expect(pushed.exitCode).not.toBe(0)
    expect(pushed.stderr).toContain('no room left')
    expect((await objectsOf('full')).length).toBeLessThanOrEqual(1)
  })

  it('takes them along when it is destroyed', async () => {
    expect(await objectsOf('by-ssh')).toHaveLength(1)
    await annBySsh.ssh('destroy by-ssh --confirm by-ssh.localhost')
    expect(await objectsOf('by-ssh')).toEqual([])
  })
})

describe('SFTP', () => {
  const [page, large, other] = [randomBytes(5000), randomBytes(600_000), randomBytes(300_000)]
  let uploader: Uploader
  let copy: string
  /** What a clone has: pointers, and what they stand for. */
  const cloned = async (path: string) => {
    const place = join(ann.home, `clone-${Math.random()}`)
    await ann.gitOk(['clone', '-q', ann.urlOf('files'), place])
    const { stdout: pointer } = await ann.gitOk(['show', `HEAD:${path}`], place)
    await ann.gitOk(['lfs', 'install', '--local'], place)
    await ann.gitOk(['lfs', 'pull'], place)
    return { pointer, content: await readFile(join(place, path)) }
  }
  const releases = async () => (await releasesOf(annBySsh, 'files')).length

  it('shows the files, and what is not changed stays a pointer, after a restart, too', async () => {
    uploader = new Uploader(annBySsh, platform)
    copy = await lfsCopy('files', { 'index.html': 'x', 'a.pdf': large })
    await ann.gitOk(['push', 'hosting', 'main'], copy)
    const { output } = await uploader.sftpOk('get files.localhost/a.pdf seen.pdf')
    // Sites whose first push brought large files and then failed are there, and empty.
    expect(output).not.toContain('is not shown')
    expect(await readFile(join(annBySsh.home, 'seen.pdf'))).toEqual(large)
    await platform.stop()
    await platform.start()
    await writeFile(join(annBySsh.home, 'page.bin'), page)
    // The same again is no change, by whatever way it comes.
    await uploader.sftpOk('put page.bin files.localhost/page.bin', 'put seen.pdf files.localhost/a.pdf')
    await untilRelease(annBySsh, 'files', 'SFTP: 1 file changed')
    expect(await served('files', 'a.pdf')).toBe('200 600000')
    expect((await cloned('a.pdf')).pointer).toContain(`oid sha256:${oidOf(large)}`)
  })

  it('makes pointers of what is changed, and of what the rules of the branch say is large', async () => {
    await writeFile(join(annBySsh.home, 'other.pdf'), other)
    await uploader.sftpOk('put other.pdf files.localhost/a.pdf', 'put other.pdf files.localhost/b.pdf')
    await untilRelease(annBySsh, 'files', 'SFTP: 2 files changed')
    for (const path of ['a.pdf', 'b.pdf']) {
      expect(await served('files', path)).toBe('200 300000')
      const { pointer, content } = await cloned(path)
      expect(pointer).toContain(`oid sha256:${oidOf(other)}`)
      expect(content).toEqual(other)
    }
    const before = await releases()
    await uploader.sftpOk('ls files.localhost')
    expect(await releases()).toBe(before)
  })

  it('shows what others push meanwhile', async () => {
    await ann.gitOk(['pull', '-q', '--rebase', 'hosting', 'main'], copy)
    await ann.commit(copy, { 'c.pdf': page })
    await ann.gitOk(['push', 'hosting', 'main'], copy)
    await uploader.sftpOk('put page.bin files.localhost/more.bin', 'get files.localhost/c.pdf c.pdf')
    expect(await readFile(join(annBySsh.home, 'c.pdf'))).toEqual(page)
    await untilRelease(annBySsh, 'files', 'SFTP: 1 file changed')
    expect((await cloned('c.pdf')).pointer).toContain(`oid sha256:${oidOf(page)}`)
  })

  it('says so when there is no room for them', async () => {
    await writeFile(join(annBySsh.home, 'huge.pdf'), randomBytes(5 * 1024 * 1024))
    const before = await releases()
    // -O: as scp always was, with a program at the other end that ends when all is done.
    const put = await uploader.scp('-O', 'huge.pdf', 'x@127.0.0.1:files.localhost/huge.pdf')
    expect(put.exitCode).not.toBe(0)
    expect(put.output).toContain('there is no room for this one')
    expect(await releases()).toBe(before)
  })
})

describe('large files that nothing needs any more', () => {
  /** As if they had come two days ago. */
  async function age(): Promise<void> {
    const store = await openStore(platform.home.database, { ...systemClock, now: () => new Date(Date.now() - 2 * day) })
    const site = (await store.sites.find('once.localhost'))!
    await store.lfsObjects.want(
      site.id,
      (await objectsOf('once')).map((name) => name.slice(-64)),
    )
    await store.close()
  }

  it('are removed some time later; a crash meanwhile leaves none behind', async () => {
    const [kept, lost] = [randomBytes(1000), randomBytes(2000)]
    const copy = await lfsCopy('once', { 'index.html': 'x', 'a.pdf': kept })
    await ann.gitOk(['push', 'hosting', 'main'], copy)
    await ann.commit(copy, { 'b.pdf': lost })
    await ann.gitOk(['push', 'hosting', 'HEAD:refs/heads/other'], copy)
    expect(await objectsOf('once')).toHaveLength(2)
    await ann.gitOk(['push', 'hosting', ':refs/heads/other'], copy)
    expect(await objectsOf('once')).toHaveLength(2)
    await platform.stop()
    await age()
    platform.launch({ env: { HOSTING_FAULT: 'lfs:forgotten' } })
    await until('the daemon to be dead', () => !platform.daemon.running)
    await touchOld()
    await platform.start()
    await until('it to be gone', async () => (await objectsOf('once')).length === 1)
    expect((await objectsOf('once'))[0]).toContain(oidOf(kept))
    expect(await served('once', 'a.pdf')).toBe('200 1000')
    // Who has it still brings it again.
    await ann.gitOk(['push', 'hosting', 'main'], copy)
    expect(await served('once', 'b.pdf')).toBe('200 2000')
  })

  async function touchOld(): Promise<void> {
    const then = new Date(Date.now() - 2 * day)
    for (const name of await objectsOf('once'))
      await utimes(join(platform.home.lfs, 'once.localhost', name), then, then)
  }
})

interface Action {
  readonly href: string
  readonly header: { readonly Authorization: string }
}
interface Answer {
  readonly objects: {
    readonly actions?: { readonly download?: Action; readonly upload?: Action }
    readonly error?: { code: number }
  }[]
}

describe('the interface', () => {
  const batch = (operation: string, object: { oid: string; size: number }) => [
    ...['-H', 'Content-Type: application/vnd.git-lfs+json', '-d', JSON.stringify({ operation, objects: [object] })],
  ]
  const content = randomBytes(1000)
  const object = { oid: oidOf(content), size: content.length }

  it('is open to those who may fetch or push, and tells others what it tells of a site that is not there', async () => {
    const path = '/demo.git/info/lfs/objects/batch'
    expect((await ann.curl(path, batch('upload', object))).status).toBe(401)
    for (const operation of ['download', 'upload']) {
      const denied = await bob.curl(path, [...bob.basic, ...batch(operation, object)])
      expect({ operation, status: denied.status }).toEqual({ operation, status: 404 })
    }
    await annBySsh.ssh('access:add demo bob --role read')
    expect((await bob.curl(path, [...bob.basic, ...batch('download', object)])).status).toBe(200)
    expect((await bob.curl(path, [...bob.basic, ...batch('upload', object)])).status).toBe(403)
  })

  it('gives out passes for one site and one direction', async () => {
    const asked = await bob.curl('/demo.git/info/lfs/objects/batch', [...bob.basic, ...batch('download', object)])
    const known = { oid: (await objectsOf('demo'))[0]!.slice(-64), size: 1 }
    const { objects } = JSON.parse(
      (await bob.curl('/demo.git/info/lfs/objects/batch', [...bob.basic, ...batch('download', known)])).text,
    ) as Answer
    expect((JSON.parse(asked.text) as Answer).objects[0]?.error?.code).toBe(404)
    const pass = ['-H', `Authorization: ${objects[0]!.actions!.download!.header.Authorization}`]
    const at = (site: string, oid: string) => `/${site}.git/info/lfs/objects/${oid}`
    expect((await bob.curl(at('demo', known.oid), [...pass, '-o', '/dev/null'])).status).toBe(200)
    expect((await bob.curl(at('demo.localhost', known.oid), [...pass, '-r', '100-', '-o', '/dev/null'])).status).toBe(
      206,
    )
    expect((await bob.curl(at('demo', object.oid), [...pass, '-T', '-'])).status).toBe(401)
    expect((await bob.curl(at('other', known.oid), pass)).status).toBe(401)
    expect((await bob.curl('/demo.git/info/refs?service=git-upload-pack', pass)).status).toBe(404)
    await annBySsh.ssh('access:remove demo bob')
    expect((await bob.curl(at('demo', known.oid), pass)).status).toBe(404)
  })

  it('keeps nothing that is not what it says', async () => {
    const at = `/demo.git/info/lfs/objects/${'f'.repeat(64)}`
    const wrong = await ann.curl(at, [...ann.basic, '-X', 'PUT', '--data-binary', 'something else'])
    expect(wrong.status).toBe(400)
    expect(
      (await ann.curl(at, [...ann.basic, '-X', 'PUT', '-H', 'Transfer-Encoding: chunked', '-d', 'x'])).status,
    ).toBe(400)
    expect((await ann.curl(at, ann.basic)).status).toBe(404)
    expect((await ann.curl('/demo.git/info/lfs/locks', ann.basic)).status).toBe(501)
    expect((await ann.curl('/demo.git/info/lfs/locks')).status).toBe(401)
  })
})
