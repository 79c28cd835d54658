// A site's life after its first push, typed as its owner types it: every command changes what it says it changes, at once, and no more.
import { readdir } from 'node:fs/promises'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { z } from 'zod'
import { containersOf } from '../helpers/clean-up.ts'
import { Person } from '../helpers/person.ts'
import { type Platform, startPlatform } from '../helpers/platform.ts'
import { until } from '../helpers/until.ts'
import { visitWhile } from '../helpers/visitors.ts'
import { type Files, WorkingCopy } from '../helpers/working-copy.ts'

/** What is below /ruled/ is answered by the instance, all else by the edge. */
const rules = { _headers: '/ruled/*\n  X-Ruled: yes\n' }

let platform: Platform
let ann: Person
let bob: Person

beforeAll(async () => {
  platform = await startPlatform()
  ann = await platform.addPerson('ann')
  bob = await platform.addPerson('bob')
})

afterAll(async () => {
  await platform[Symbol.asyncDispose]()
})

async function pushed(person: Person, site: string, ...commits: Files[]): Promise<WorkingCopy> {
  const [first = {}, ...more] = commits
  const copy = await WorkingCopy.create(person, site, first)
  await copy.pushOk()
  for (const files of more) {
    await copy.commit(files)
    await copy.pushOk()
  }
  return copy
}

const page = (text: string): Files => ({ 'index.html': text, 'ruled/page.html': text })

/** What a command has said, among other things, and its exit status. */
const said = (exitCode: number, text: string) => ({ exitCode, output: containing(text) })
const containing = (text: string) => expect.stringContaining(text) as string

/** The text of a site by way of the edge and by way of its instance, which have to be the same. */
async function shown(site: string): Promise<string> {
  const [byEdge, byInstance] = await Promise.all([platform.get(site), platform.get(site, '/ruled/page')])
  expect(byInstance).toMatchObject({ status: byEdge.status, text: byEdge.text })
  return byEdge.text
}

describe('rollback', () => {
  let copy: WorkingCopy

  beforeAll(async () => {
    copy = await pushed(ann, 'back', { ...rules, ...page('one'), 'old.html': 'old', 'same.txt': 'same' }, page('two'))
    await copy.remove('old.html')
    await copy.commit({ ...page('three'), 'new.html': 'new' })
    await copy.pushOk()
  })

  it('goes to the release before, the next time further back, and says when there is none', async () => {
    expect(await ann.ssh('rollback back')).toMatchObject(said(0, '#2 is live again, as #4'))
    expect(await shown('back')).toBe('two')
    expect((await ann.ssh('rollback back')).exitCode).toBe(0)
    expect(await shown('back')).toBe('one')
    expect(await platform.get('back', '/old')).toMatchObject({ text: 'old' })
    expect(await platform.get('back', '/new')).toMatchObject({ status: 404 })
    expect(await ann.ssh('rollback back')).toMatchObject(said(3, 'no earlier release'))
    expect(await shown('back')).toBe('one')
  })

  it('goes to any release by its number, except to one that is live, missing or no number', async () => {
    expect(await ann.json('rollback back 3')).toMatchObject({ number: 6, rollbackOf: 3 })
    expect(await shown('back')).toBe('three')
    expect(await ann.ssh('rollback back 6')).toMatchObject(said(5, 'is the live one'))
    expect(await ann.ssh('rollback back 99')).toMatchObject(said(3, 'no release #99'))
    expect((await ann.ssh('rollback back three')).exitCode).toBe(2)
    expect(await ann.json('releases back')).toHaveLength(6)
    expect(await shown('back')).toBe('three')
  })

  it('is followed by a push that builds on what was rolled back to', async () => {
    await ann.ssh('rollback back 1')
    await copy.commit({ ...page('four'), 'sub/fresh.html': 'fresh' })
    expect((await copy.pushOk()).stderr).toContain('as release 8')
    expect(await shown('back')).toBe('four')
    for (const [path, answer] of [
      ['/old', { status: 404 }],
      ['/new', { text: 'new' }],
      ['/same.txt', { text: 'same' }],
      ['/sub/fresh', { text: 'fresh' }],
    ] as const)
      expect(await platform.get('back', path), path).toMatchObject(answer)
  })
})

describe('restart', () => {
  it('replaces the instance under requests, and nobody notices', async () => {
    await pushed(ann, 'fresh', { ...rules, ...page('here') })
    const before = await instanceOf('fresh')
    const visits = await visitWhile(
      {
        port: platform.httpPort,
        host: 'fresh.localhost',
        paths: ['/', '/ruled/page'],
        complain: ({ status, text }) => (status === 200 && text === 'here' ? undefined : `${status} ${text}`),
      },
      async () => {
        for (let time = 0; time < 3; time++) expect((await ann.ssh('restart fresh')).exitCode).toBe(0)
      },
    )
    expect(visits.complaints).toEqual([])
    expect(visits.count).toBeGreaterThan(20)
    expect(await ann.json('info fresh')).toMatchObject({ instance: { status: 'running' }, release: { number: 1 } })
    expect(await instanceOf('fresh')).not.toBe(before)
  })
})

async function instanceOf(site: string): Promise<string> {
  return z.object({ instance: z.object({ id: z.string() }) }).parse(await ann.json(`info ${site}`)).instance.id
}

describe('stop and start', () => {
  it('take a site off the air, through pushes and restarts, and bring it back', async () => {
    const copy = await pushed(ann, 'off', { ...rules, ...page('one') })
    expect((await ann.ssh('stop off')).exitCode).toBe(0)
    for (const path of ['/', '/ruled/page'])
      expect(await platform.get('off', path)).toMatchObject({
        status: 503,
        text: containing('off.localhost'),
      })
    expect(await ann.ssh('restart off')).toMatchObject(said(7, 'start off.localhost'))
    await copy.commit(page('two'))
    expect((await copy.pushOk()).stderr).toContain('start off.localhost makes it live')
    expect((await platform.get('off')).status).toBe(503)
    expect(await ann.json('info off')).toMatchObject({ state: 'stopped', release: { number: 2 } })
    expect((await ann.ssh('start off')).exitCode).toBe(0)
    expect(await shown('off')).toBe('two')
    expect((await ann.ssh('start off')).exitCode).toBe(0)
    expect(await shown('off')).toBe('two')
  })

  it('has nothing to start where nothing was deployed', async () => {
    expect((await ann.ssh('create bare')).exitCode).toBe(0)
    const other = await WorkingCopy.create(ann, 'stored', {})
    await other.pushOk(['main:refs/heads/idea'])
    for (const site of ['bare', 'stored'])
      expect(await platform.get(site)).toMatchObject({
        status: 503,
        text: containing(`${site}.localhost`),
      })
    for (const command of ['start bare', 'restart bare'])
      expect(await ann.ssh(command)).toMatchObject(said(5, 'git push'))
  })
})

describe('destroy', () => {
  it('wants the name of the site, on the line where nobody can be asked', async () => {
    await pushed(ann, 'kept', { ...rules, ...page('kept') })
    expect(await ann.ssh('destroy kept')).toMatchObject(said(2, 'destroy kept.localhost --confirm kept.localhost'))
    expect((await ann.ssh('destroy kept --confirm other.localhost')).exitCode).toBe(2)
    const mistaken = await ann.ssh('destroy kept', { flags: ['-tt'], input: 'kep\r' })
    expect(mistaken).toMatchObject(said(2, 'nothing was removed'))
    expect((await ann.ssh('destroy kept', { flags: ['-tt'], input: '\x03' })).exitCode).not.toBe(0)
    expect(await shown('kept')).toBe('kept')
  })

  it('removes all there is of a site, and leaves its name to whoever comes next', async () => {
    await pushed(ann, 'gone', { 'index.html': 'of ann' }, { 'index.html': 'of ann, too' })
    await ann.ssh('domains:add gone gone-too')
    await ann.ssh('access:add gone bob --role read')
    const destroyed = await ann.ssh('destroy gone', { flags: ['-tt'], input: 'gone.localhost\r' })
    expect(destroyed).toMatchObject(said(0, 'is removed'))
    for (const host of ['gone', 'gone-too']) expect((await platform.get(host)).status).toBe(404)
    expect((await ann.ssh('info gone')).exitCode).toBe(3)
    await until('nothing to be left', async () => (await leftOf('gone.localhost')).length === 0)
    await pushed(bob, 'gone', { 'index.html': 'of bob' })
    expect((await platform.get('gone')).text).toBe('of bob')
    expect(await bob.json('releases gone')).toMatchObject([{ number: 1 }])
    expect((await bob.ssh('logs gone')).stdout).not.toContain('gone-too')
    expect(await bob.json('access gone')).toMatchObject([{ account: 'bob', role: 'owner' }])
    expect((await ann.ssh('info gone')).exitCode).toBe(3)
  })
})

/** Everything on disk and in Docker that bears the name of a site. */
async function leftOf(site: string): Promise<string[]> {
  const { repositories, releases, logs, routes } = platform.home
  const directories = await Promise.all([repositories, releases, logs, routes].map((path) => readdir(path)))
  return [...directories.flat().filter((name) => name.startsWith(site)), ...(await containersOf(platform.home, site))]
}

describe('branch', () => {
  it('chooses which branch is deployed, from the next push on', async () => {
    const copy = await pushed(ann, 'branched', { ...rules, ...page('of main') })
    expect((await ann.ssh('branch branched production')).exitCode).toBe(0)
    expect(await shown('branched')).toBe('of main')
    await copy.git('checkout', '-q', '-b', 'production')
    await copy.commit(page('of production'))
    expect((await copy.pushOk(['production'])).stderr).toContain('✓ Live')
    await copy.git('checkout', '-q', 'main')
    await copy.commit(page('of main again'))
    expect((await copy.pushOk(['main'])).stderr).toContain('deploys the branch production')
    expect(await shown('branched')).toBe('of production')
    const clone = await WorkingCopy.clone(ann, 'branched')
    expect((await clone.git('branch', '--show-current')).stdout.trim()).toBe('production')
    for (const name of ['..', 'a..b', '-x', 'refs/heads/', 'x.lock']) {
      expect((await ann.ssh(`branch branched ${name}`)).exitCode, name).toBe(2)
    }
  })
})

describe('domains', () => {
  beforeAll(async () => {
    await pushed(ann, 'named.example.org', { ...rules, ...page('ann’s') })
    await pushed(bob, 'other', { 'index.html': 'bob’s' })
  })

  it('answer from the moment they are added until they are removed', async () => {
    expect((await platform.get('www.example.net')).status).toBe(404)
    expect((await ann.ssh('domains:add named.example.org WWW.Example.net')).exitCode).toBe(0)
    expect(await shown('www.example.net')).toBe('ann’s')
    expect((await ann.ssh('restart named.example.org')).exitCode).toBe(0)
    expect(await shown('www.example.net')).toBe('ann’s')
    expect((await ann.ssh('domains:remove named.example.org www.example.net')).exitCode).toBe(0)
    expect((await platform.get('www.example.net')).status).toBe(404)
    expect(await shown('named.example.org')).toBe('ann’s')
  })

  it('may be written as people write them, and are kept as the network knows them', async () => {
    expect((await ann.ssh('domains:add named.example.org bücher.example.net')).exitCode).toBe(0)
    expect(await shown('xn--bcher-kva.example.net')).toBe('ann’s')
  })

  it.each([
    ['of another site', 'other.localhost', 5],
    ['below one of somebody else', 'shop.other.localhost', 4],
    ['that is the platform’s own', 'localhost', 2],
    ['that is the platform’s own, in capitals', 'LOCALHOST', 2],
    ['with a dot too many', 'www..example.net', 2],
    ['that is an address', '192.0.2.1', 2],
    ['too long for a route', `${'a'.repeat(60)}.example.net`, 2],
  ])('are refused: one %s', async (_what, domain, exitCode) => {
    const before = await ann.json('domains named.example.org')
    expect((await ann.ssh(`domains:add named.example.org ${domain}`)).exitCode).toBe(exitCode)
    expect(await ann.json('domains named.example.org')).toEqual(before)
    expect((await platform.get('other')).text).toBe('bob’s')
  })

  it('may lie below one’s own, and then nobody else may take the name for a site', async () => {
    const taken = await WorkingCopy.create(bob, 'sub.named.example.org', { 'index.html': 'taken' })
    expect((await taken.push()).stderr).toContain('lies below named.example.org')
    expect((await ann.ssh('domains:add named.example.org sub.named.example.org')).exitCode).toBe(0)
    expect((await taken.push()).exitCode).not.toBe(0)
    expect(await shown('sub.named.example.org')).toBe('ann’s')
  })

  it('belong to the site whose they are: neither its own name nor another’s can be removed', async () => {
    expect((await ann.ssh('domains:remove named.example.org named.example.org')).exitCode).toBe(5)
    expect((await ann.ssh('domains:remove named.example.org other')).exitCode).toBe(3)
    expect((await platform.get('other')).text).toBe('bob’s')
  })
})

describe('keys', () => {
  it('let in from the moment they are added until they are removed', async () => {
    const laptop = await Person.withKey('laptop', platform.directory, platform)
    expect((await laptop.ssh('whoami')).exitCode).toBe(255)
    expect((await ann.ssh('keys:add', { input: await laptop.publicKey() })).exitCode).toBe(0)
    expect(await laptop.json('whoami')).toMatchObject({ account: 'ann', role: 'user' })
    expect((await bob.ssh(`keys:add ${await laptop.publicKey()}`)).exitCode).toBe(5)
    expect((await laptop.ssh('keys:remove laptop@test')).output).toContain('That is the key you came in with')
    expect((await ann.ssh('keys:remove laptop@test')).exitCode).toBe(0)
    expect((await laptop.ssh('whoami')).exitCode).toBe(255)
    expect(await ann.ssh('keys:remove ann@test')).toMatchObject(said(5, 'last key'))
    expect(await ann.ssh('keys:add nonsense')).toMatchObject(said(2, 'ssh-keygen'))
  })
})

describe('access', () => {
  let copy: WorkingCopy

  beforeAll(async () => {
    copy = await pushed(ann, 'shared', { ...rules, ...page('one') }, page('two'))
  })

  it('there is none for others: the site might as well not be there', async () => {
    for (const command of ['info', 'logs', 'releases', 'rollback', 'domains', 'access', 'destroy'])
      expect((await bob.ssh(`${command} shared`)).exitCode, command).toBe(3)
    expect(await bob.json('sites')).not.toMatchObject([{ name: 'shared.localhost' }])
  })

  it('to read is to see, to clone and to follow, and not to change', async () => {
    expect((await ann.ssh('access:add shared bob --role read')).exitCode).toBe(0)
    expect((await bob.ssh('info shared')).exitCode).toBe(0)
    expect((await bob.ssh('logs shared')).exitCode).toBe(0)
    const clone = await WorkingCopy.clone(bob, 'shared')
    await clone.commit(page('by bob'))
    expect((await clone.push()).exitCode).not.toBe(0)
    for (const command of ['rollback shared', 'stop shared', 'restart shared', 'domains:add shared x.example.com'])
      expect((await bob.ssh(command)).exitCode, command).toBe(4)
    expect(await shown('shared')).toBe('two')
  })

  it('to write is to push and to operate, and not to give away or to destroy', async () => {
    expect((await ann.ssh('access:add shared bob')).exitCode).toBe(0)
    const clone = await WorkingCopy.clone(bob, 'shared')
    await clone.commit(page('by bob'))
    await clone.pushOk()
    expect(await shown('shared')).toBe('by bob')
    expect((await bob.ssh('rollback shared')).exitCode).toBe(0)
    expect(await shown('shared')).toBe('two')
    for (const command of [
      'destroy shared --confirm shared.localhost',
      'access:add shared bob --role write',
      'branch shared other',
      'domains:add shared x.example.com',
    ])
      expect((await bob.ssh(command)).exitCode, command).toBe(4)
  })

  it('ends when it is taken back', async () => {
    expect((await ann.ssh('access:remove shared bob')).exitCode).toBe(0)
    expect((await bob.ssh('info shared')).exitCode).toBe(3)
    expect((await bob.git(['ls-remote', bob.remoteOf('shared')])).exitCode).not.toBe(0)
    await copy.git('fetch', '-q', 'hosting')
  })
})

describe('accounts', () => {
  it('come and go by an admin’s word, with their keys', async () => {
    const cleo = await platform.addPerson('cleo')
    expect((await bob.ssh('accounts')).exitCode).toBe(4)
    expect((await bob.ssh('accounts:remove cleo')).exitCode).toBe(4)
    expect(await cleo.json('whoami')).toMatchObject({ account: 'cleo' })
    await cleo.ssh('create cleos')
    expect(await platform.admin.ssh('accounts:remove cleo')).toMatchObject(said(5, 'cleos.localhost'))
    await cleo.ssh('destroy cleos --confirm cleos.localhost')
    expect((await platform.admin.ssh('accounts:remove cleo')).exitCode).toBe(0)
    expect((await cleo.ssh('whoami')).exitCode).toBe(255)
    expect((await platform.admin.ssh('accounts:remove admin')).exitCode).toBe(5)
    expect((await platform.admin.ssh('accounts:add ../x', { input: '' })).exitCode).toBe(2)
  })
})

describe('what is said', () => {
  beforeAll(async () => {
    await pushed(ann, 'said', { 'index.html': 'x' })
  })

  it.each([
    ['sites', [{ name: 'back.localhost', release: 8 }]],
    ['info said', { name: 'said.localhost', owner: 'ann', domains: ['said.localhost'] }],
    ['releases said', [{ number: 1, state: 'live', account: 'ann' }]],
    ['releases said 1', { number: 1, timingsMs: { checkout: expect.any(Number) as number } }],
    ['domains said', [{ name: 'said.localhost', ownName: true }]],
    ['access said', [{ account: 'ann', role: 'owner' }]],
    ['branch said', { branch: 'main' }],
    ['keys', [{ comment: 'ann@test', current: true }]],
    ['whoami', { account: 'ann', door: 'ssh' }],
    ['help logs', { name: 'logs', group: 'Sites' }],
    ['version', { version: expect.stringMatching(/^\d/) as string }],
  ])('%s --json is for scripts', async (command, expected) => {
    const listed = await ann.json(command)
    expect(Array.isArray(listed) ? listed.slice(0, 1) : listed).toMatchObject(expected)
  })

  it('help knows every command, and a page about each', async () => {
    const listed = z.array(z.object({ name: z.string() })).parse(await platform.admin.json('help'))
    const overview = (await platform.admin.ssh('help')).stdout
    for (const { name } of listed) expect(overview).toContain(`  ${name} `)
    const rollback = await ann.ssh('help rollback')
    expect(rollback.stdout).toContain('rollback SITE [NUMBER]')
    expect((await ann.ssh('rollback --help')).stdout).toBe(rollback.stdout)
    expect((await ann.ssh('help nonsense')).exitCode).toBe(2)
  })

  it.each([
    ['rolback said', 'Did you mean rollback?'],
    ['rm -rf /', 'help lists all commands'],
    ['rollback', 'rollback SITE [NUMBER]'],
    ['info said and more', 'info SITE'],
    ['logs said --sauce web', '--source'],
    ['logs said -n many', '--lines'],
  ])('%s is not understood, and told how it is meant', async (command, hint) => {
    const answer = await ann.ssh(command)
    expect(answer).toMatchObject({ exitCode: 2, stdout: '' })
    expect(answer.stderr).toContain(hint)
  })

  it('a login without a terminal and without a command tells who one is, and ends', async () => {
    expect((await ann.ssh('')).stdout).toMatch(/Account +ann\n[^]*rollback SITE/)
  })

  it('an interactive login tells who one is and what there is to type, takes it, and ends with Ctrl-D', async () => {
    await using shell = ann.open('', ['-tt'])
    await shell.says('hosting> ')
    expect(shell.output).toMatch(/Account\S* +ann/)
    expect(shell.output).toContain('rollback SITE')
    shell.type('domains said\r')
    await shell.says('said.localhost  primary')
    shell.type('nonsense\r')
    await shell.says('Unknown command')
    shell.type('\x04')
    expect(await shell.ended()).toBe(0)
  })
})
