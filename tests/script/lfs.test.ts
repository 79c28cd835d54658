// Git LFS with Debian's git-lfs: large files go beside the repository, over HTTPS and over SSH, and the site serves them.
import { createHash, randomBytes } from 'node:crypto'
import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { HttpsPerson } from '../helpers/https-person.ts'
import type { Person } from '../helpers/person.ts'
import { type Platform, startPlatform } from '../helpers/platform.ts'
import { runOk } from '../helpers/session.ts'
import { WorkingCopy } from '../helpers/working-copy.ts'

const password = 'four words in a row'
const attributes = '*.pdf filter=lfs diff=lfs merge=lfs -text\n'
let platform: Platform
let ann: HttpsPerson
let annBySsh: Person
let bob: HttpsPerson

beforeAll(async () => {
  platform = await startPlatform({ flags: { 'lfs-mb': '4' } })
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
    expect((await ann.curl('/demo.git/info/lfs/locks', ann.basic)).status).toBe(404)
  })
})
