import { describe, expect, it } from 'vitest'
import { delayAfter, shortRuns } from '../../../../src/deploy/processes/back-off.ts'
import { until } from '../../../helpers/until.ts'
import { createSite } from './fixture.ts'

describe('the pause after a worker has ended', () => {
  it('doubles from a second to five minutes, and begins anew after a long run', () => {
    const pauses: number[] = []
    for (let failures = 0; pauses.length < 11; ) pauses.push(delayAfter((failures = shortRuns(failures, 500))) / 1000)
    expect(pauses).toEqual([1, 2, 4, 8, 16, 32, 64, 128, 256, 300, 300])
    expect(delayAfter(shortRuns(10, 60_000))).toBe(1000)
  })
})

describe('the workers of a site', () => {
  it('follow what is live: the old ones end before the new ones start', async () => {
    await using site = await createSite()
    await site.start()
    await site.deploy({ workers: { queue: 'php queue.php', mailer: 'php mail.php' } })
    await until('both to run', () => site.running().length === 2)
    await site.deploy({ workers: { queue: 'php queue.php' } })
    await until('the new one to run', () => site.done.length === 5)
    expect(site.done.slice(2)).toEqual(['stop', 'stop', 'start php queue.php'])
    expect(site.running()).toHaveLength(1)
    await site.stop()
    await until('none to run', () => site.running().length === 0)
    expect(await site.store.workers.list()).toEqual([])
  })

  it('stay as they are when nothing else is live', async () => {
    await using site = await createSite()
    await site.start()
    await site.deploy({ workers: { queue: 'php queue.php' } })
    await until('it to run', () => site.running().length === 1)
    site.processes.follow(site.siteId)
    await site.stop()
    await until('it to be stopped', () => site.running().length === 0)
    expect(site.done).toEqual(['start php queue.php', 'stop'])
  })

  it('are started again, after longer and longer pauses', async () => {
    await using site = await createSite()
    await site.start()
    await site.deploy({ workers: { queue: 'php queue.php' } })
    const alive = () => until('it to run', () => site.running()[0])
    const dead = (count: number) =>
      until('its end to be noted', async () => (await site.log('worker')).split('\n').length === count + 1)
    for (const [count, seconds] of [1, 2, 4].entries()) {
      site.die(await alive(), 3)
      await dead(count + 1)
      await site.clock.pass(seconds * 1000 - 1)
      expect(site.running()).toEqual([])
      await site.clock.pass(1)
    }
    await alive()
    await site.clock.pass(3600_000)
    site.die(site.running()[0] ?? '', 0)
    await dead(4)
    expect((await site.log('worker')).split('\n').map((line) => line.slice(25))).toEqual([
      'queue event ended with status 3 after 0 s; started again in 1 s',
      'queue event ended with status 3 after 0 s; started again in 2 s',
      'queue event ended with status 3 after 0 s; started again in 4 s',
      'queue event ended with status 0 after 3600 s; started again in 1 s',
      '',
    ])
    expect((await site.processes.survey(await site.site())).workers).toMatchObject([
      { name: 'queue', state: 'waiting', exitCode: 0, nextAt: '2026-03-01T11:00:08.000Z' },
    ])
  })

  it('that run when the daemon is started are left alone, others are brought back', async () => {
    await using site = await createSite()
    await site.start()
    await site.deploy({ workers: { one: 'one', two: 'two' } })
    await until('both to run', () => site.running().length === 2)
    await site.halt()
    const [left, lost = ''] = site.running()
    site.lose(lost)
    await site.start()
    await until('the other to be noted', async () => (await site.store.workers.find(lost))?.ended_at != null)
    await site.clock.pass(0)
    await until('both to run again', () => site.running().length === 2)
    expect(site.running()).toEqual([left, lost])
    expect(site.done).toHaveLength(3)
    expect(site.done).not.toContain('stop')
  })

  it('of a release that is not live any more are replaced when the daemon is started', async () => {
    await using site = await createSite()
    await site.start()
    await site.deploy({ workers: { queue: 'old' } })
    await until('it to run', () => site.running().length === 1)
    await site.halt()
    await site.deploy({ workers: { queue: 'new' } })
    await site.start()
    await until('the new one to run', () => site.done.length === 3)
    expect(site.done).toEqual(['start old', 'stop', 'start new'])
  })

  it('are gone with their site, those too that wait to be started again', async () => {
    await using site = await createSite()
    await site.start()
    await site.deploy({ workers: { one: 'one', two: 'two' } })
    await until('both to run', () => site.running().length === 2)
    site.die(site.running()[0] ?? '', 1)
    await until('one to wait', async () => (await site.store.workers.list()).some(({ next_at: next }) => next !== null))
    await site.processes.end(site.siteId)
    await site.clock.pass(10_000)
    expect(site.running()).toEqual([])
    expect(await site.store.workers.list()).toEqual([])
    expect(site.done).toHaveLength(2)
  })
})
