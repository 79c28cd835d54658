// The daemon is killed at every step of a deploy. After the next start the site serves the old release (killed before the commit
// point) or the new one (after it), never neither, and nothing is left over.
import { readdir, readlink } from 'node:fs/promises'
import { basename, join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { repositoryPath } from '../../src/config/home.ts'
import { systemClock } from '../../src/lib/clock.ts'
import { exists } from '../../src/lib/files.ts'
import { openStore } from '../../src/store/store.ts'
import { containersOf } from '../helpers/clean-up.ts'
import { Platform } from '../helpers/platform.ts'
import { until } from '../helpers/until.ts'
import { WorkingCopy } from '../helpers/working-copy.ts'

const beforeCommitPoint = [
  'before:checkout',
  'after:checkout',
  'after:build',
  'before:start',
  'after:start',
  'after:check',
  'after:proven',
]
const afterCommitPoint = ['before:switch', 'between:switch', 'after:switch', 'before:drain', 'after:drain']

const ownHosts = ['db.localhost', 'git.localhost']

let platform: Platform
let copy: WorkingCopy
let content = 'release 0'

beforeAll(async () => {
  platform = await Platform.prepare({ flags: { 'warm-instances': '0', 'keep-releases': '2' } })
  await platform.start()
  copy = await WorkingCopy.create(platform.admin, 'demo', { 'index.html': content })
  await copy.pushOk()
})

afterAll(async () => {
  await platform[Symbol.asyncDispose]()
})

describe('a daemon killed during a push', () => {
  it.each(beforeCommitPoint)('%s: the old release serves on, and the push can be repeated', async (fault) => {
    const wanted = `pushed ${fault}`
    const pushed = await pushInto(fault, wanted)
    expect(pushed.exitCode).not.toBe(0)
    await expectServed(content)
    await platform.start()
    await expectServed(content)
    await expectNothingLeft()
    await copy.pushOk()
    content = wanted
    await expectServed(content)
  })

  it.each(afterCommitPoint)('%s: the new release serves', async (fault) => {
    const before = content
    content = `pushed ${fault}`
    await pushInto(fault, content)
    await until('the daemon to be dead', async () => !platform.daemon.running)
    expect([before, content]).toContain((await platform.get('demo')).text)
    await platform.start()
    await expectServed(content)
    await expectNothingLeft()
    expect((await copy.push()).stderr).toContain('Everything up-to-date')
  })
})

describe('a daemon killed in the checkout of a large site', () => {
  it('which has taken the copy that was made ahead: the old release serves on, and the push can be repeated', async () => {
    const files = Array.from({ length: 1000 }, (_, index) => [`pictures/${index}.jpg`, `picture ${index}`] as const)
    await copy.commit(Object.fromEntries(files))
    await copy.pushOk()
    await until('the copy to be made', async () => (await copiesAhead()).length === 1)
    const wanted = 'pushed after the copy was made'
    expect((await pushInto('after:checkout', wanted)).exitCode).not.toBe(0)
    expect(await copiesAhead()).toEqual([])
    await platform.start()
    await expectServed(content)
    await expectNothingLeft()
    await copy.pushOk()
    content = wanted
    await expectServed(content)
    expect((await platform.get('demo', '/pictures/999.jpg')).text).toBe('picture 999')
  })
})

describe('a daemon killed during other operations', () => {
  it.each(['before:start', 'after:check', 'before:switch', 'between:switch'])('a rollback %s', async (fault) => {
    await copy.commit({ 'index.html': `${content}, to be undone` })
    await copy.pushOk()
    const latest = `${content}, to be undone`
    await restartWith(fault)
    await platform.admin.ssh('rollback demo')
    await platform.start()
    const isFinished = fault.endsWith(':switch')
    await expectServed(isFinished ? content : latest)
    await expectNothingLeft()
    content = isFinished ? content : latest
    await copy.commit({ 'index.html': (content = `${content}.`) })
    await copy.pushOk()
  })

  it.each(['after:proven', 'before:switch', 'between:switch'])(
    'a change of variables %s: either value and release, or neither',
    async (fault) => {
      await restartWith(fault)
      await platform.admin.ssh(`env:set demo FAULT=${fault}`)
      await platform.start()
      const isFinished = fault.endsWith(':switch')
      await expectServed(content)
      await expectNothingLeft()
      const value = expect.objectContaining({ name: 'FAULT', value: fault }) as unknown
      expect(await platform.admin.json('env demo --reveal')).toEqual(
        isFinished ? expect.arrayContaining([value]) : expect.not.arrayContaining([value]),
      )
      expect(await platform.admin.json('releases demo')).toMatchObject({
        0: { subject: 'env:set FAULT', state: isFinished ? 'live' : 'failed' },
      })
    },
  )

  it('a destroyed site leaves nothing', async () => {
    const other = await WorkingCopy.create(platform.admin, 'other', { 'index.html': 'other' })
    await other.pushOk()
    await restartWith('after:destroy')
    await platform.admin.ssh('destroy other --confirm other.localhost')
    await platform.start()
    expect((await platform.get('other')).status).toBe(404)
    await expectNothingLeft()
    for (const place of [platform.home.repositories, platform.home.releases, platform.home.logs])
      await expect
        .poll(async () => (await readdir(place)).filter((name) => !ownHosts.includes(name)))
        .toEqual([expect.stringMatching(/^demo\.localhost(\.git)?$/)])
  })
})

async function restartWith(fault: string): Promise<void> {
  await platform.kill()
  await platform.start({ env: { HOSTING_FAULT: fault } })
}

async function pushInto(fault: string, text: string) {
  await restartWith(fault)
  await copy.commit({ 'index.html': text })
  return await copy.push()
}

async function expectServed(text: string): Promise<void> {
  expect(await platform.get('demo')).toMatchObject({ status: 200, text })
}

/** One container, one instance, no job, no half-made release, no lock; what drains has to be gone, too. */
async function expectNothingLeft(): Promise<void> {
  const { home } = platform
  await until('drained instances to be gone', async () => (await containersOf(home)).length === 1)
  await until('their directories to be gone', async () => (await instanceDirectories()).length === 1)
  const store = await openStore(home.database, systemClock)
  try {
    expect(await store.jobs.list()).toEqual([])
    const wanted = await store.releases.wantedDirectories()
    const site = (await store.sites.find('demo.localhost'))!
    await until('stray releases to be gone', async () => {
      const present = await readdir(join(home.releases, site.name))
      return present.every((directory) => wanted.includes(directory))
    })
    expect(await instanceDirectories()).toEqual([site.live_instance_id])
  } finally {
    await store.close()
  }
  const repository = await readdir(repositoryPath(home, 'demo.localhost'), { recursive: true })
  expect(repository.filter((path) => path.endsWith('.lock') || path.includes('incoming-'))).toEqual([])
}

async function copiesAhead(): Promise<string[]> {
  const site = join(platform.home.releases, 'demo.localhost')
  const copies = (await readdir(site)).map((release) => join(site, release, 'tree.next'))
  const present = await Promise.all(copies.map((copy) => exists(copy)))
  return copies.filter((_, index) => present[index])
}

/** Without the one that parked routes lead to. */
async function instanceDirectories(): Promise<string[]> {
  const { home } = platform
  // The platform's own addresses lead to directories, too.
  const own = await Promise.all(ownHosts.map((host) => readlink(join(home.routes, host))))
  const notSites = ['parked', ...own.map((target) => basename(target))]
  return (await readdir(home.instances)).filter((name) => !notSites.includes(name))
}
