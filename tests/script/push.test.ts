// What a person sees who pushes: every kind of push has one answer, and a refused one changes nothing.
import { readdir } from 'node:fs/promises'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Person } from '../helpers/person.ts'
import { type Platform, startPlatform } from '../helpers/platform.ts'
import { until } from '../helpers/until.ts'
import { WorkingCopy } from '../helpers/working-copy.ts'

let platform: Platform
let ann: Person
let bob: Person

beforeAll(async () => {
  platform = await startPlatform({ flags: { 'max-push-mb': '3', 'max-files': '200', 'health-timeout': '2' } })
  ann = await platform.addPerson('ann')
  bob = await platform.addPerson('bob')
})

afterAll(async () => {
  await platform[Symbol.asyncDispose]()
})

describe('a first push', () => {
  it('makes the site, and says where it is', async () => {
    const copy = await WorkingCopy.create(ann, 'first', { 'index.html': 'hello' })
    const pushed = await copy.pushOk()
    expect(pushed.stderr).toMatch(/remote: Deploying [0-9a-f]{7} "Change" to first\.localhost as release 1/)
    for (const step of ['checked out 1 file', 'static: ', 'instance ', 'GET / answered 200', 'switched to release 1']) {
      expect(pushed.stderr).toMatch(new RegExp(`remote:   ${step}.* ms`))
    }
    expect(pushed.stderr).toContain(`✓ Live: http://first.localhost:${platform.httpPort}`)
    expect(await platform.get('first')).toMatchObject({ status: 200, text: 'hello' })
    expect(await ann.json('sites')).toMatchObject([{ name: 'first.localhost', owner: 'ann' }])
  })

  it('leaves no site behind when it is refused', async () => {
    const copy = await WorkingCopy.create(ann, 'refused', { 'index.html': 'x', 'hosting.toml': 'rot = "public"' })
    const pushed = await copy.push()
    expect(pushed.exitCode).not.toBe(0)
    expect(pushed.stderr).toContain('hosting.toml')
    expect(pushed.stderr).toContain('rot')
    expect((await ann.ssh('info refused')).exitCode).toBe(3)
    expect(await readdir(platform.home.repositories)).not.toContain('refused.localhost.git')
  })

  it('takes master for the deployed branch', async () => {
    const copy = await WorkingCopy.create(ann, 'old-school', { 'index.html': 'from master' })
    await copy.pushOk(['main:master'])
    expect(await platform.get('old-school')).toMatchObject({ text: 'from master' })
    expect(await ann.json('info old-school')).toMatchObject({ branch: 'master' })
  })

  it('works by scp-like address, with .git at the end and under the full name', async () => {
    const copy = await WorkingCopy.create(ann, 'spelled', { 'index.html': 'spelled' })
    const ssh = `${ann.env['GIT_SSH_COMMAND'] ?? ''} -p ${platform.sshPort}`
    const pushed = await copy.push(['main'], { env: { GIT_SSH_COMMAND: ssh } })
    expect(pushed.exitCode).toBe(0)
    for (const url of [
      'git@127.0.0.1:spelled.localhost.git',
      'git@127.0.0.1:spelled',
      '127.0.0.1:/spelled.localhost',
    ]) {
      const listed = await ann.git(['ls-remote', url], { env: { GIT_SSH_COMMAND: ssh } })
      expect(listed.stdout).toContain('refs/heads/main')
    }
  })
})

describe('a push to a site that is there', () => {
  let copy: WorkingCopy

  beforeAll(async () => {
    copy = await WorkingCopy.create(ann, 'demo', { 'index.html': 'one' })
    await copy.pushOk()
  })

  it('stores another branch and a tag, says so, and deploys neither', async () => {
    await copy.git('checkout', '-q', '-b', 'idea')
    await copy.commit({ 'index.html': 'an idea' })
    await copy.git('tag', 'v1')
    const pushed = await copy.pushOk(['idea', 'v1'])
    expect(pushed.stderr).toContain('Stored branch idea.')
    expect(pushed.stderr).toContain('Stored tag v1.')
    expect(pushed.stderr).toContain('demo.localhost deploys the branch main')
    expect(await platform.get('demo')).toMatchObject({ text: 'one' })
    await copy.pushOk(['--delete', 'idea'])
    await copy.git('checkout', '-q', 'main')
  })

  it('deploys a forced push', async () => {
    await copy.git('commit', '-q', '--amend', '-m', 'Rewritten')
    expect((await copy.push()).stderr).toContain('[rejected]')
    await copy.pushOk(['--force', 'main'])
    expect(await ann.json('releases demo')).toMatchObject([{ state: 'live', subject: 'Rewritten' }, {}])
  })

  it('refuses to delete what it serves', async () => {
    const pushed = await copy.push(['--delete', 'main'])
    expect(pushed.exitCode).not.toBe(0)
    expect(pushed.stderr).toContain("main is what demo.localhost serves, so it can't be deleted")
    expect(await platform.get('demo')).toMatchObject({ status: 200 })
  })

  it('has nothing to do when nothing is new', async () => {
    expect((await copy.pushOk()).stderr).toContain('Everything up-to-date')
  })

  it('gives back what was pushed', async () => {
    const clone = await WorkingCopy.clone(ann, 'demo')
    expect((await clone.git('rev-parse', 'HEAD')).stdout).toBe((await copy.git('rev-parse', 'HEAD')).stdout)
  })

  it('is for those who may', async () => {
    const stranger = await WorkingCopy.create(bob, 'demo', { 'index.html': 'taken over' })
    const pushed = await stranger.push(['--force', 'main'])
    expect(pushed.exitCode).not.toBe(0)
    expect(pushed.stderr).toContain('demo.localhost')
    expect((await bob.git(['ls-remote', bob.remoteOf('demo')])).exitCode).not.toBe(0)
    await ann.ssh('access:add demo bob --role read')
    expect((await bob.git(['ls-remote', bob.remoteOf('demo')])).exitCode).toBe(0)
    expect((await stranger.push(['--force', 'main'])).exitCode).not.toBe(0)
    expect(await platform.get('demo')).toMatchObject({ text: 'one' })
  })
})

describe('pushes at once', () => {
  it('are deployed one after the other; a stale one is told to pull, a waiting one gives way to a newer one', async () => {
    const copy = await WorkingCopy.create(ann, 'busy', { 'index.html': 'base' })
    await copy.pushOk()
    const others = await Promise.all([1, 2, 3].map(async () => await WorkingCopy.clone(ann, 'busy')))
    await Promise.all(others.map((other, index) => other.commit({ 'index.html': `by ${index}` })))
    const pushes = await Promise.all(others.map(async (other) => await other.push(['main'])))
    const won = pushes.filter((pushed) => pushed.exitCode === 0)
    expect(won).toHaveLength(1)
    for (const lost of pushes.filter((pushed) => pushed.exitCode !== 0)) {
      expect(lost.stderr).toMatch(/has moved to|took its place|fetch first|failed to update ref/)
    }
    expect((await platform.get('busy')).text).toBe(`by ${pushes.findIndex((pushed) => pushed.exitCode === 0)}`)
  })

  it('is finished when the client leaves after it was received', async () => {
    const copy = await WorkingCopy.create(ann, 'left', { 'index.html': 'before' })
    await copy.pushOk()
    await copy.commit({ 'index.html': 'after' })
    // The client is killed as soon as the platform says that it deploys.
    await ann.git(['push', 'hosting', 'main'], { cwd: copy.directory, timeoutMs: 150 })
    await until('the push to go on or to have never arrived', async () => {
      const text = (await platform.get('left')).text
      const head = (await ann.git(['ls-remote', ann.remoteOf('left'), 'main'])).stdout.slice(0, 40)
      const isIn = head === (await copy.git('rev-parse', 'HEAD')).stdout.trim()
      return isIn ? text === 'after' : text === 'before'
    })
    await copy.push()
    await until('the new content', async () => (await platform.get('left')).text === 'after')
  })
})

describe('what a push may not bring', () => {
  it.each([
    [
      'too many files',
      Object.fromEntries(Array.from({ length: 201 }, (_, index) => [`${index}.html`, 'x'])),
      'max-files',
    ],
    ['a pack that is too large', { 'big.bin': noise(4_000_000) }, '3 MB'],
    ['a broken _redirects', { 'index.html': 'x', _redirects: '/ok /fine\n/a /b 999\n' }, '_redirects:2'],
    ['broken TOML', { 'index.html': 'x', 'hosting.toml': 'root = "a\n' }, 'hosting.toml:1'],
  ])('%s', async (what, files, said) => {
    const copy = await WorkingCopy.create(ann, `bad-${what.length}`, files)
    const pushed = await copy.push()
    expect(pushed.exitCode).not.toBe(0)
    expect(pushed.stderr).toContain(said)
  })

  it('a submodule', async () => {
    const copy = await WorkingCopy.create(ann, 'with-submodule', { 'index.html': 'x' })
    await copy.git('update-index', '--add', '--cacheinfo', `160000,${'1'.repeat(40)},lib/thing`)
    await copy.git('commit', '-q', '-m', 'Add a submodule')
    const pushed = await copy.push()
    expect(pushed.exitCode).not.toBe(0)
    expect(pushed.stderr).toContain('lib/thing')
  })

  it.each(['../../etc', '..', 'test..com', '-x', 'a'.repeat(254), '$(touch /tmp/x)', 'a b'])(
    'a site named %s',
    async (name) => {
      const copy = await WorkingCopy.create(ann, 'plain', { 'index.html': 'x' })
      const pushed = await copy
        .git('remote', 'set-url', 'hosting', ann.remoteOf(encodeURI(name)))
        .then(async () => await copy.push())
      expect(pushed.exitCode).not.toBe(0)
      expect(pushed.stderr).toMatch(/✗|can't be|fatal/)
    },
  )
})

function noise(size: number): Uint8Array {
  const bytes = new Uint8Array(size)
  for (let start = 0; start < size; start += 65_536) crypto.getRandomValues(bytes.subarray(start, start + 65_536))
  return bytes
}
