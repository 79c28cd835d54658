import { describe, expect, it } from 'vitest'
import { delayOf, plan } from '../../../../src/deploy/processes/cron-plan.ts'
import { until } from '../../../helpers/until.ts'
import { createSite } from './fixture.ts'

const minute = 60_000
const each = (command: string) => ({ schedule: '* * * * *', command })

describe('the plan of a site', () => {
  it('has its own moment within some seconds, the same each time', () => {
    const sites = Array.from({ length: 500 }, (_, index) => `site${index}.example.org`)
    const delays = sites.map(delayOf)
    expect(Math.max(...delays)).toBeLessThan(15_000)
    expect(sites.map(delayOf)).toEqual(delays)
    const perSecond = Map.groupBy(delays, (ms) => Math.floor(ms / 1000))
    expect(Math.max(...[...perSecond.values()].map((list) => list.length))).toBeLessThan(80)
  })

  it('is the same whenever it is made: what is due within that moment is still due, what was run is not', () => {
    const site = { id: 1, name: 'demo.localhost' }
    const delay = delayOf(site.name)
    const due = (at: string, ms: number) => plan(site, [each('x')], new Date(Date.parse(at) + ms))[0]?.due
    const tenOClock = Date.parse('2026-03-01T10:00:00Z')
    expect(due('2026-03-01T10:00:00Z', delay - 1)).toBe(tenOClock + delay)
    expect(due('2026-03-01T10:00:00Z', delay)).toBe(tenOClock + minute + delay)
  })
})

describe('cron', () => {
  const planned = async (site: Awaited<ReturnType<typeof createSite>>) =>
    await until('its entries to be planned', async () => (await site.processes.survey(await site.site())).cron[0])

  it('runs an entry at its time, and keeps what it printed and how it ended', async () => {
    await using site = await createSite()
    await site.start()
    await site.deploy({ cron: [{ schedule: '30 12 * * *', timezone: 'Europe/Berlin', command: 'php day.php' }] })
    await planned(site)
    await site.clock.pass(90 * minute - 1)
    expect(site.tools).toHaveLength(0)
    await site.clock.pass(15_001)
    const tool = await until('it to run', () => site.tools[0])
    expect(tool.spec.command).toEqual(['one-off', 'bash', '-c', 'php day.php'])
    tool.streams.stdout.write('half a ')
    tool.streams.stdout.write('line\nlast')
    tool.end(3)
    await until('its end', async () => (await site.log('cron')).includes('status'))
    expect(
      (await site.log('cron')).split('\n').map((line) => line.slice(25).replace(/after \d+ s/, 'after … s')),
    ).toEqual([
      '1 event started: php day.php',
      '1 stdout half a line',
      '1 stdout last',
      '1 event ended with status 3 after … s',
      '',
    ])
    const last = async () => (await planned(site)).last
    await until('its end to be kept', async () => (await last())?.endedAt)
    expect(await last()).toMatchObject({ result: 'failed', exitCode: 3 })
    expect((await planned(site)).nextAt).toMatch(/^2026-03-02T11:30:/)
  })

  it('never has two runs of one entry, over a deploy either; the second is left out', async () => {
    await using site = await createSite()
    await site.start()
    await site.deploy({ cron: [each('slow')] })
    await planned(site)
    await site.clock.pass(minute + 15_000)
    await until('it to run', () => site.tools.length === 1)
    await site.clock.pass(minute)
    await until('the second to be left out', async () => (await site.log('cron')).includes('skipped'))
    await site.deploy({ cron: [each('slow'), each('quick')] })
    await until('the new plan', async () => (await site.processes.survey(await site.site())).cron.length === 2)
    await site.clock.pass(minute)
    await until('the new entry to run', () => site.tools.length === 2)
    expect(site.commands()).toEqual(['slow', 'quick'])
    await expect(site.processes.runCron(await site.site(), 1, () => undefined)).rejects.toMatchObject({ code: 'busy' })
    for (const tool of site.tools) tool.end(0)
    await until('its end', async () => (await planned(site)).last?.result === 'done')
    await site.clock.pass(minute)
    await until('it to run again', () => site.tools.length === 4)
  })

  it('ends what takes too long', async () => {
    await using site = await createSite({ 'cron-timeout': '90' })
    await site.start()
    await site.deploy({ cron: [{ schedule: '1 10 * * *', command: 'endless' }] })
    await planned(site)
    await site.clock.pass(minute + 15_000)
    await until('it to run', () => site.tools.length === 1)
    await site.clock.pass(91_000)
    await until('its end', async () => (await planned(site)).last?.result === 'timeout')
    expect(await site.log('cron')).toContain('ended: it may take 90 s (cron-timeout)')
  })

  it('runs no more at once than the machine may, and two of a site', async () => {
    await using site = await createSite({ 'cron-at-once': '1' })
    await site.start()
    await site.deploy({ cron: [each('one'), each('two')] })
    await planned(site)
    await site.clock.pass(minute + 15_000)
    await until('one to run', () => site.tools.length === 1)
    expect(site.commands()).toEqual(['one'])
    site.tools[0]?.end(0)
    await until('the other to run', () => site.tools.length === 2)
    expect(site.commands()).toEqual(['one', 'two'])
  })

  it('leaves out what it slept through', async () => {
    await using site = await createSite()
    await site.start()
    await site.deploy({ cron: [{ schedule: '0 11 * * *', command: 'missed' }, each('minute')] })
    await planned(site)
    site.clock.jump(120 * minute)
    await site.clock.pass(minute + 15_000)
    await until('the next minute to run', () => site.tools.length > 0)
    expect(site.commands()).toEqual(['minute'])
  })

  it('runs nothing for a site that is stopped, and ends what runs', async () => {
    await using site = await createSite()
    await site.start()
    await site.deploy({ cron: [each('x')] })
    await planned(site)
    await site.clock.pass(minute + 15_000)
    const tool = await until('it to run', () => site.tools[0])
    await site.stop()
    await until('it to be ended', () => tool.streams.signal.aborted)
    await site.clock.pass(5 * minute)
    expect(site.tools).toHaveLength(1)
    await until('its end', async () => (await site.store.cronRuns.listOf(site.siteId))[0]?.result === 'interrupted')
  })

  it('says at the next start what the platform cut off', async () => {
    await using site = await createSite()
    await site.deploy({ cron: [each('x')] })
    await site.store.cronRuns.begin({ site_id: site.siteId, ...each('x') }, '2026-03-01T09:59:00.000Z')
    await site.start()
    expect((await planned(site)).last).toMatchObject({ result: 'interrupted', endedAt: '2026-03-01T10:00:00.000Z' })
  })

  it('runs an entry when asked, and tells what it prints', async () => {
    await using site = await createSite()
    await site.start()
    await site.deploy({ cron: [{ schedule: '@yearly', command: 'x' }] })
    await planned(site)
    const told: string[] = []
    const run = site.processes.runCron(await site.site(), 1, (line) => told.push(line))
    const tool = await until('it to run', () => site.tools[0])
    tool.streams.stderr.write('oh\n')
    tool.end(0)
    expect(await run).toEqual({ result: 'done', exitCode: null })
    expect(told).toEqual(['oh'])
    await expect(site.processes.runCron(await site.site(), 2, () => undefined)).rejects.toMatchObject({
      code: 'not-found',
    })
    const stopped = { ...(await site.site()), state: 'stopped' as const }
    await expect(site.processes.runCron(stopped, 1, () => undefined)).rejects.toThrow('is stopped')
  })
})
