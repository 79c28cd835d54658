import { PassThrough } from 'node:stream'
import { setTimeout as delay } from 'node:timers/promises'
import { stat } from 'node:fs/promises'
import { describe, expect, it } from 'vitest'
import { repositoryPath } from '../../../src/config/home.ts'
import { exec } from '../../../src/lib/exec.ts'
import { createPlatform, terminal } from './platform.ts'

describe('create', () => {
  it('makes a site, its first domain and its repository, and says what to type next', async () => {
    await using platform = await createPlatform()
    const { code, out } = await platform.run('create demo', { as: 'anna' })
    expect(code).toBe(0)
    expect(out).toContain('git remote add hosting ssh://git@localhost:2222/demo.localhost')
    const site = await platform.store.sites.findByDomain('demo.localhost')
    expect(site).toMatchObject({ name: 'demo.localhost', branch: 'main', state: 'running' })
    expect((await stat(repositoryPath(platform.config.home, 'demo.localhost'))).isDirectory()).toBe(true)
    expect(platform.calls).toEqual(['routeDomains demo.localhost'])
  })
})

describe('sites', () => {
  it('lists what one owns or was given, and everything to admins', async () => {
    await using platform = await createPlatform()
    const { id } = await platform.site('a.example', 'anna')
    await platform.site('b.example', 'ben')
    await platform.store.grants.put(id, (await platform.account('ben')).id, 'read')
    const names = async (as: string) =>
      (JSON.parse((await platform.run('sites --json', { as })).out) as { name: string }[]).map(({ name }) => name)
    expect(await names('anna')).toEqual(['a.example'])
    expect(await names('ben')).toEqual(['a.example', 'b.example'])
    expect(await names('root')).toEqual(['a.example', 'b.example'])
  })

  it('says how to make the first one', async () => {
    await using platform = await createPlatform()
    expect((await platform.run('sites')).out).toContain('git push ssh://git@localhost:2222/demo main')
    expect((await platform.run('sites --json')).out).toBe('[]\n')
  })

  it('shows the live release', async () => {
    await using platform = await createPlatform()
    const { id } = await platform.site('a.example', 'anna')
    const release = await platform.release(id)
    await platform.store.releases.update(release.id, { state: 'live', live_at: '2026-11-21T10:00:00.000Z' })
    await platform.store.sites.update(id, { live_release_id: release.id })
    expect(JSON.parse((await platform.run('sites --json')).out)).toEqual([
      {
        name: 'a.example',
        url: 'http://a.example:8080',
        owner: 'anna',
        state: 'running',
        release: 1,
        commit: release.commit,
        deployedAt: '2026-11-21T10:00:00.000Z',
        trouble: null,
      },
    ])
    expect((await platform.run('sites')).out).toContain('#1 c0ffee0')
  })
})

describe('info', () => {
  it('shows what a site is', async () => {
    await using platform = await createPlatform()
    const { id } = await platform.site('demo.localhost', 'anna')
    const release = await platform.release(id, { subject: 'Say \u001b[31mhello' })
    await platform.store.sites.update(id, { live_release_id: release.id, live_instance_id: 'one' })
    const { out } = await platform.run('info demo', { as: 'anna', terminal })
    expect(out).toContain('http://demo.localhost:8080')
    expect(out).toContain('Say \\x1b[31mhello')
    expect(JSON.parse((await platform.run('info demo --json')).out)).toMatchObject({
      owner: 'anna',
      branch: 'main',
      release: { number: 1, subject: 'Say \u001b[31mhello' },
      instance: { id: 'one', status: 'running' },
      domains: ['demo.localhost'],
    })
  })
})

describe('start, stop and restart', () => {
  it('hand the site to the deployments and print their progress', async () => {
    await using platform = await createPlatform({
      deployments: {
        restart: (_site, print) => {
          print('Starting \u0007')
          return Promise.resolve()
        },
      },
    })
    await platform.site('demo.localhost', 'root')
    for (const verb of ['start', 'stop']) expect((await platform.run(`${verb} demo`)).code).toBe(0)
    expect(platform.calls).toEqual(['start demo.localhost', 'stop demo.localhost'])
    expect((await platform.run('restart demo')).out).toMatch(/^Starting \\x07\n✓/)
    const { out, err } = await platform.run('restart demo --json')
    expect([JSON.parse(out), err]).toEqual([{ name: 'demo.localhost' }, 'Starting \\x07\n'])
  })
})

describe('branch', () => {
  it("shows and sets the deployed branch, and the repository's HEAD with it", async () => {
    await using platform = await createPlatform()
    await platform.site('demo.localhost', 'root')
    expect((await platform.run('branch demo')).out).toContain('main')
    expect((await platform.run('branch demo release/2')).code).toBe(0)
    expect((await platform.store.sites.find('demo.localhost'))?.branch).toBe('release/2')
    const repository = repositoryPath(platform.config.home, 'demo.localhost')
    const head = await exec('git', ['--git-dir', repository, 'symbolic-ref', 'HEAD'])
    expect(head.stdout).toBe('refs/heads/release/2\n')
  })

  it.each(['../x', 'a..b', '.x', 'x.lock', 'a@{1}'])('refuses %s', async (name) => {
    await using platform = await createPlatform()
    await platform.site('demo.localhost', 'root')
    expect((await platform.run(`branch demo ${name}`)).code).toBe(2)
    expect((await platform.store.sites.find('demo.localhost'))?.branch).toBe('main')
  })
})

describe('destroy', () => {
  it('wants the name once more where nobody can be asked', async () => {
    await using platform = await createPlatform()
    await platform.site('demo.localhost', 'root')
    for (const words of ['destroy demo', 'destroy demo --confirm demo']) {
      const { code, err } = await platform.run(words)
      expect([code, err.includes('--confirm demo.localhost')]).toEqual([2, true])
    }
    expect(platform.calls).toEqual([])
    expect((await platform.run('destroy demo --confirm demo.localhost')).code).toBe(0)
    expect(platform.calls).toEqual(['destroy demo.localhost'])
  })

  it.each([
    ['demo.localhost\n', 0],
    ['demo.localhosx\u007ft\n', 0],
    ['something else\n', 2],
    ['', 2],
    ['\u0003', 2],
  ])('asks at a terminal, and obeys %j', async (typed, status) => {
    await using platform = await createPlatform()
    await platform.site('demo.localhost', 'root')
    const { code, out } = await platform.run('destroy demo', { terminal, input: typed })
    expect(out).toContain('Type its name to go on: ')
    expect([code, platform.calls]).toEqual([status, status === 0 ? ['destroy demo.localhost'] : []])
  })

  it('ends when the visitor leaves instead of answering', async () => {
    await using platform = await createPlatform()
    await platform.site('demo.localhost', 'root')
    const gone = new AbortController()
    const streams = { stdin: new PassThrough(), stdout: new PassThrough(), stderr: new PassThrough() }
    const account = await platform.account('root')
    const visit = { account, door: 'ssh', gone: gone.signal, terminal, ...streams } as const
    const ending = platform.runner(visit, ['destroy', 'demo'])
    await delay(20)
    gone.abort()
    expect(await ending).toBe(130)
    expect(platform.calls).toEqual([])
  })
})
