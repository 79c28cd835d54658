import { describe, expect, it } from 'vitest'
import { createPlatform } from './platform.ts'

async function withReleases() {
  const platform = await createPlatform({
    deployments: {
      rollback: async (site, { number, account, print }) => {
        print('Starting the instance')
        return await platform.release(site.id, { account_id: account.id, rollback_of: number ?? 1 })
      },
    },
  })
  const { id } = await platform.site('demo.localhost', 'anna')
  const { store } = platform
  const [first, second, third] = [
    await platform.release(id, { account_id: (await platform.account('anna')).id }),
    await platform.release(id, { subject: 'Break it' }),
    await platform.release(id, { rollback_of: 1 }),
  ]
  await store.releases.update(first.id, { state: 'retired', timings: '{"checkout":120,"build":300}' })
  await store.releases.update(second.id, { state: 'failed', reason: 'GET / answered 500', timings: '{"check":30000}' })
  await store.releases.update(third.id, { state: 'live' })
  return platform
}

describe('releases', () => {
  it('lists the newest first, with what happened', async () => {
    await using platform = await withReleases()
    const lines = (await platform.run('releases demo', { as: 'anna' })).out.trim().split('\n')
    expect(lines.map((line) => line.split(/\s{2,}/).slice(0, 5))).toEqual([
      ['NO', 'STATE', 'COMMIT', 'SUBJECT', 'BY'],
      ['#3', 'live', 'c0ffee0', '(again #1) Say hello', '-'],
      ['#2', 'failed', 'c0ffee0', 'Break it', '-'],
      ['#1', 'retired', 'c0ffee0', 'Say hello', 'anna'],
    ])
    expect(lines.at(-1)).toMatch(/0\.42 s$/)
  })

  it('leaves out those that are gone, unless asked for all', async () => {
    await using platform = await withReleases()
    const first = await platform.store.releases.find(1, 1)
    await platform.store.releases.update(first!.id, { state: 'removed' })
    expect((await platform.run('releases demo')).out).not.toContain('#1 ')
    expect((await platform.run('releases demo --all')).out).toContain('#1 ')
  })

  it('shows one with its steps and its reason', async () => {
    await using platform = await withReleases()
    const { out } = await platform.run('releases demo 2')
    expect(out).toMatch(/Reason +GET \/ answered 500/)
    expect(out).toMatch(/ {2}check +30\.0 s/)
    expect(JSON.parse((await platform.run('releases demo #1 --json')).out)).toMatchObject({
      number: 1,
      account: 'anna',
      timingsMs: { checkout: 120, build: 300 },
      tookMs: 420,
    })
    expect((await platform.run('releases demo 9')).code).toBe(3)
  })

  it('says what to do when there are none', async () => {
    await using platform = await createPlatform()
    await platform.site('demo.localhost', 'root')
    expect((await platform.run('releases demo')).out).toContain('git push ssh://git@localhost:2222/demo.localhost main')
  })
})

describe('rollback', () => {
  it('makes an earlier release live as a new one', async () => {
    await using platform = await withReleases()
    const { code, out } = await platform.run('rollback demo 1', { as: 'anna' })
    expect(code).toBe(0)
    expect(out).toContain('Starting the instance\n✓ #1 is live again, as #4: http://demo.localhost:8080\n')
    expect(out).toContain('git push hosting main')
  })

  it('knows that a release is not there before anything is begun', async () => {
    await using platform = await withReleases()
    const { code, out, err } = await platform.run('rollback demo 99')
    expect([code, out]).toEqual([3, ''])
    expect(err).toContain('→ releases demo.localhost')
  })
})
