// What people try who want more than is theirs, and what only looks like it: each gets a clear answer, and nothing else happens.
import { readdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { GitSource, type SourceFile } from '../helpers/git-source.ts'
import type { Person } from '../helpers/person.ts'
import { type Platform, startPlatform } from '../helpers/platform.ts'
import { rawSsh } from '../helpers/raw-ssh.ts'
import { type Ran, run } from '../helpers/session.ts'
import { WorkingCopy } from '../helpers/working-copy.ts'

let platform: Platform
let ann: Person
let bob: Person
let mine: WorkingCopy

beforeAll(async () => {
  platform = await startPlatform({ flags: { 'max-files': '1000' } })
  ann = await platform.addPerson('ann')
  bob = await platform.addPerson('bob')
  mine = await WorkingCopy.create(ann, 'mine', { 'index.html': 'mine', '404.html': 'mine is not here' })
  await mine.pushOk()
  const theirs = await WorkingCopy.create(bob, 'theirs', { 'index.html': 'theirs' })
  await theirs.pushOk()
})

afterAll(async () => {
  await platform[Symbol.asyncDispose]()
})

/** Made by whatever runs a part of a command line. Without a slash: such a name would not be one in any case. */
const marker = 'owned-by-hostile-test'

/** Everything that a command might have made or changed. */
async function traces(): Promise<unknown> {
  const { root, repositories } = platform.home
  const here = [root, repositories, process.cwd(), '/', '/tmp'].map(async (path) =>
    (await readdir(path)).filter((name) => path === root || path === repositories || name === marker),
  )
  return [await Promise.all(here), await platform.admin.json('sites')]
}

/**
 * The attack: OpenSSH hands the command over as one line, which a server that gave it to a shell would run. Git's own programs, too,
 * take options where the name of a repository is expected (CVE-2017-8386, CVE-2017-1000117).
 */
describe('a command line', () => {
  it.each([
    ["git-receive-pack '../../etc'", '"../../etc" can\'t be the name'],
    ["git-upload-pack '/etc/passwd'", "can't be the name"],
    ["git-upload-pack 'mine/../theirs'", "can't be the name"],
    [`git-receive-pack "mine'; touch ${marker}"`, "can't be the name"],
    [`git-upload-pack mine; touch ${marker}`, 'takes the name of one site'],
    [`git-upload-pack '$(touch ${marker})'`, "can't be the name"],
    [`git-upload-pack '\`touch ${marker}\`'`, "can't be the name"],
    [`git-upload-pack --exec=${marker} mine`, 'takes the name of one site'],
    ['git-upload-pack --help', "can't be the name"],
    ['git-receive-pack -c', "can't be the name"],
    ["git-upload-archive '--output=x'", "can't be the name"],
    ["git-upload-pack ''", "can't be the name"],
    ['git-upload-pack', 'takes the name of one site'],
    ["git-upload-pack 'mine", 'is not closed'],
    [`touch ${marker}`, 'Unknown command'],
    [`sh -c 'touch ${marker}'`, 'Unknown command'],
    [`whoami && touch ${marker}`, 'Too many arguments'],
    [`info mine\ntouch ${marker}`, 'Too many arguments'],
    [`info '\x1b[2J'`, '\\x1b[2J'],
  ])('%j is refused', async (commandLine, reason) => {
    const before = await traces()
    const answer = await ann.ssh(commandLine)
    expect(answer).toMatchObject({ exitCode: 2, stdout: '' })
    expect(answer.stderr.toLowerCase()).toContain(reason.toLowerCase())
    expect(await traces()).toEqual(before)
  })

  it.each([
    ['with a NUL', 'info mine\0--json', 2],
    ['with a NUL in the name of a repository', "git-upload-pack 'mine\0.git'", 2],
    ['of 10,000 words', `info ${'x '.repeat(10_000)}`, 2],
    ['that is one long word', 'x'.repeat(30_000), 2],
    ['of 1 MB', `info ${'x'.repeat(1024 * 1024)}`, undefined],
  ])('%s is no trouble', async (_what, commandLine, exitCode) => {
    const before = await traces()
    const answer = await rawSsh(ann, platform.sshPort, commandLine)
    expect(answer.exitCode).toBe(exitCode)
    expect(answer.output.length).toBeLessThan(2000)
    expect(await traces()).toEqual(before)
  })

  it('is not helped by an environment', async () => {
    const theirs = join(platform.home.repositories, 'theirs.localhost.git')
    const variables = `GIT_DIR=${theirs} GIT_CONFIG_PARAMETERS='core.pager=x' GIT_TRACE=/tmp/${marker} GIT_PROTOCOL=version=1;touch`
    const asked = await ann.ssh('git-upload-pack mine', { flags: ['-o', `SetEnv=${variables}`], input: '0000' })
    const head = (await mine.git('rev-parse', 'HEAD')).stdout.trim()
    expect(asked.stdout).toContain(`${head} refs/heads/main`)
    expect(asked.stdout).not.toContain('version 1')
    await expect(readdir('/tmp')).resolves.not.toContain(marker)
  })

  it('for a subsystem that is not there is told so', async () => {
    const options = [...ann.sshOptions, '-p', String(platform.sshPort)]
    const netconf = await run('ssh', [...options, '-s', 'git@127.0.0.1', 'netconf'], { env: ann.env })
    expect(netconf.exitCode).not.toBe(0)
    expect(netconf.output).toContain('There is no subsystem netconf')
  })
})

/** Pushes exactly these files as a site of ann's. */
async function publish(site: string, files: readonly SourceFile[], source?: GitSource): Promise<Ran> {
  const from = source ?? (await GitSource.create())
  await from.commit(files)
  const pushed = await ann.git(['push', ann.remoteOf(site), 'main'], { cwd: from.path })
  if (source === undefined) await rm(join(from.path, '..'), { recursive: true })
  return pushed
}

/** The same files once more below ruled/, where the instance answers for them. */
function twice(files: readonly SourceFile[]): SourceFile[] {
  const ruled = files.map((file) => ({ ...file, path: Buffer.concat([Buffer.from('ruled/'), Buffer.from(file.path)]) }))
  return [{ path: '_headers', content: '/ruled/*\n  X-Ruled: yes\n' }, ...files, ...ruled]
}

function link(path: string, content: string): SourceFile {
  return { path, content, mode: '120000' }
}

function file(path: string | Buffer, content: string | Buffer = String(path)): SourceFile {
  return { path, content }
}

/** The attack: a symbolic link in a repository that leads to what others have on this machine. */
describe('a symbolic link', () => {
  const links = [
    link('passwd.html', '/etc/passwd'),
    link('up.html', '../../../../../../../../etc/passwd'),
    link('etc', '/etc'),
    link('a', 'b'),
    link('b', 'c'),
    link('c', '/etc'),
    link('deep/up', '..'),
    link('deep/further', 'up/../../../../../../../../../../etc'),
    link('own', 'own'),
    link('settings.txt', 'hosting.toml'),
    link('hidden.txt', '.secret'),
    link('beside.txt', '../outside.txt'),
  ]
  const wanted = [
    'passwd',
    'passwd.html',
    'up.html',
    'etc/hostname',
    'a/hostname',
    'c/hostname',
    'deep/further/hostname',
    'own',
    'settings.txt',
    'hidden.txt',
    'beside.txt',
    'deep/up/etc/hostname',
    'twin/further/hostname',
  ]

  it('out of the site is never followed, not in a chain, and not by way of what may be followed', async () => {
    const inside = [
      file('index.html', 'home'),
      link('inside.html', 'index.html'),
      file('deep/page.html', 'home'),
      link('twin', 'deep'),
      file('.secret', 'secret'),
    ]
    const root = [...links, ...inside].map((each) => ({ ...each, path: `public/${String(each.path)}` }))
    const ruled = [...links, ...inside].map((each) => ({ ...each, path: `public/ruled/${String(each.path)}` }))
    const pushed = await publish('links', [
      file('outside.txt', 'outside'),
      file('hosting.toml', 'root = "public"'),
      file('public/_headers', '/ruled/*\n  X-Ruled: yes\n'),
      ...root,
      ...ruled,
    ])
    expect(pushed.exitCode).toBe(0)
    expect(pushed.stderr).toContain('left out public/passwd.html: a symbolic link that might lead out')
    for (const path of wanted.flatMap((name) => [`/${name}`, `/ruled/${name}`]))
      expect((await platform.get('links', path)).status, path).toBe(404)
    for (const path of ['/inside', '/ruled/inside', '/twin/page', '/ruled/twin/page'])
      expect((await platform.get('links', path)).text, path).toBe('home')
  })

  it('in the place of a directory or a file of the release before is not followed either, and goes again', async () => {
    const source = await GitSource.create()
    const before = twice([file('index.html', 'home'), file('etc/hostname', 'one'), file('page.html', 'one')])
    const between = twice([file('index.html', 'home'), link('etc', '/etc'), link('page.html', '/etc/hostname')])
    const after = twice([file('index.html', 'home'), file('etc/hostname', 'two'), file('page.html', 'two')])
    for (const [files, status, text] of [
      [before, 200, 'one'],
      [between, 404, undefined],
      [after, 200, 'two'],
    ] as const) {
      expect((await publish('swapped', files, source)).exitCode).toBe(0)
      for (const path of ['/etc/hostname', '/ruled/etc/hostname', '/page.html', '/ruled/page.html'])
        expect(await platform.get('swapped', path), path).toMatchObject({ status, ...(text && { text }) })
    }
    await rm(join(source.path, '..'), { recursive: true })
  })
})

describe('a file name', () => {
  const names = [
    'with space.txt',
    'plus+and&.txt',
    'Grüße 日本 😀.txt',
    'é.txt',
    'two\nlines.txt',
    'tab\t.txt',
    '%2e%2e',
    '%41.txt',
    'question?.txt',
    'hash#.txt',
    'semi;colon.txt',
    'quote"\'`.txt',
    'back\\slash.txt',
    '$host.txt',
    '${uri}.txt',
    '*.txt',
    '~',
    '-rf',
    'a..',
    'con',
    'a:b',
    "'; touch owned; '",
  ].map((name) => Buffer.from(name))
  const bytes = [
    Buffer.from([0xff, 0xfe, 0x2e, 0x74, 0x78, 0x74]),
    Buffer.from([0x61, 0xc3]),
    Buffer.from([0xe9, 0x2e, 0x68]),
  ]
  const longest = Buffer.from(`${'x'.repeat(251)}.txt`)
  const all = [...names, ...bytes, longest]

  it('may be any that git and the file system know, and is served as it is', async () => {
    const files = all.flatMap((name) => [
      file(name, name),
      file(Buffer.concat([Buffer.from('dir '), name, Buffer.from('/in')]), name),
    ])
    const short = files.filter(({ path }) => path.length < longest.length)
    const pushed = await publish('names', [file('index.html'), ...twice(short), file(longest, longest)])
    expect(pushed.exitCode, pushed.stderr).toBe(0)
    for (const name of all) {
      const path = `/${encode(name)}`
      expect((await platform.get('names', path)).body.toString('latin1'), path).toBe(name.toString('latin1'))
    }
    for (const { path, content } of short) {
      const url = `/ruled/${encode(Buffer.from(path))}`
      expect((await platform.get('names', url)).body.equals(Buffer.from(content)), url).toBe(true)
    }
  })

  function encode(name: Buffer): string {
    return [...name].map((byte) => (byte === 0x2f ? '/' : `%${byte.toString(16).padStart(2, '0')}`)).join('')
  }
})

describe('a tree without end', () => {
  it.each([
    ['of files', async (source: GitSource) => ({ mode: '100644', object: await source.object('blob', 'boom') })],
    ['of empty directories', async (source: GitSource) => ({ mode: '40000', object: await source.tree([]) })],
  ])('%s is refused at once', async (_what, leaf) => {
    const source = await GitSource.create()
    await source.commitOf(await source.bomb(9, await leaf(source)))
    const begun = performance.now()
    const pushed = await ann.git(['push', ann.remoteOf('bomb'), 'main'], { cwd: source.path })
    expect(pushed.exitCode).not.toBe(0)
    expect(pushed.stderr).toContain('The pushed tree has more than 1000')
    expect(performance.now() - begun).toBeLessThan(10_000)
    expect((await ann.ssh('info bomb')).exitCode).toBe(3)
    await rm(join(source.path, '..'), { recursive: true })
  })
})

describe('a request', () => {
  it('for what is not there gets the site’s own page, and nobody else’s', async () => {
    for (const path of ['/nothing', '/nothing/', '/a/b/c.png'])
      expect(await platform.get('mine', path)).toMatchObject({ status: 404, text: 'mine is not here' })
    expect((await platform.get('theirs', '/nothing')).text).not.toContain('mine')
    expect(await platform.get('mine', '/404')).toMatchObject({ status: 200 })
  })

  it.each([
    '../mine.localhost',
    'mine.localhost/../theirs.localhost',
    'instances',
    '..',
    '-',
    '127.0.0.1',
    'nobody.localhost',
  ])('for the host %s finds no site', async (host) => {
    const answer = await platform.get('mine', '/', { headers: { host } })
    expect([400, 404]).toContain(answer.status)
    expect(answer.text).not.toMatch(/mine$|theirs$/)
  })

  it('that names one site in its line and another in its Host gets the first', async () => {
    const answer = await platform.get('theirs', 'http://mine.localhost/')
    expect(answer).toMatchObject({ status: 200, text: 'mine' })
  })

  it('cannot come by what is not the site’s: its repository, its logs, the platform’s database', async () => {
    for (const path of [
      '/.git/config',
      '/../log/access.log',
      '/%2e%2e/log/access.log',
      '/..%2f..%2f..%2fhosting.db',
      '/hosting.toml',
      '/release.json',
      '/nginx.conf',
      '/edge/index.html',
      '/tree/index.html',
    ])
      expect([400, 404], path).toContain((await platform.get('mine', path)).status)
  })
})
