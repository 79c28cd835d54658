import { describe, expect, it } from 'vitest'
import { findScheduleProblem, isTimezone, nextTime } from '../../../src/buildpacks/schedule.ts'
import { readSiteConfig } from '../../../src/buildpacks/site-config.ts'
import { loadApps } from '../../../src/buildpacks/php/known-apps.ts'
import { HostingError } from '../../../src/errors/hosting-error.ts'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

const at = (text: string) => new Date(text)
const next = (schedule: string, after: string, timezone?: string) =>
  nextTime({ schedule, timezone }, at(after))?.toISOString()

describe('a schedule', () => {
  it('is due in UTC, or in its time zone', () => {
    expect(next('*/5 * * * *', '2026-03-01T10:02:03Z')).toBe('2026-03-01T10:05:00.000Z')
    expect(next('*/5 * * * *', '2026-03-01T10:05:00Z')).toBe('2026-03-01T10:10:00.000Z')
    expect(next('0 3 * * *', '2026-03-01T10:00:00Z')).toBe('2026-03-02T03:00:00.000Z')
    expect(next('0 3 * * *', '2026-03-01T10:00:00Z', 'Europe/Berlin')).toBe('2026-03-02T02:00:00.000Z')
    expect(next('@daily', '2026-03-01T10:00:00Z')).toBe('2026-03-02T00:00:00.000Z')
  })

  it('of a time that a change to summer time leaves out is due after it', () => {
    expect(next('30 2 * * *', '2026-03-28T12:00:00Z', 'Europe/Berlin')).toBe('2026-03-29T01:00:00.000Z')
  })

  it.each([
    ['61 * * * *', '"61 * * * *" is no schedule (invalid value for minute: 61): write five fields'],
    ['* * * * * *', 'it has 6 fields'],
    ['* * * *', 'it has 4 fields'],
    ['@reboot', 'there is no such name'],
    ['every day', 'it has 2 fields'],
    ['0 0 30 2 *', 'never comes'],
    ['0 0 1 1 * 2020', 'it has 6 fields'],
    ['', 'it has'],
  ])('%j is refused, and it is said what to write', (schedule, said) => {
    expect(findScheduleProblem(schedule)).toContain(said)
    expect(findScheduleProblem(schedule)).toContain('such as "*/5 * * * *"')
  })

  it('is kept when it can come', () => {
    for (const schedule of ['0 3 * * mon-fri', '0,30 8-18 * * *', '@hourly', '15 4 29 2 *'])
      expect(findScheduleProblem(schedule)).toBeUndefined()
  })

  it('has a time zone that exists', () => {
    expect(['Europe/Berlin', 'UTC', 'Mars/Crater'].map(isTimezone)).toEqual([true, true, false])
  })
})

describe('cron entries of a repository', () => {
  async function read(files: Record<string, string>) {
    const tree = await mkdtemp(join(tmpdir(), 'hosting-cron-'))
    try {
      for (const [name, text] of Object.entries(files)) await writeFile(join(tree, name), text)
      return await readSiteConfig(tree)
    } catch (error) {
      return error instanceof HostingError ? error.details : error
    } finally {
      await rm(tree, { recursive: true })
    }
  }

  it('are refused with their line', async () => {
    const toml =
      '[[cron]]\nschedule = "@daily"\ncommand = "a"\n[[cron]]\nschedule = "0 25 * * *"\ntimezone = "x"\ncommand = "b"\n'
    expect(await read({ 'hosting.toml': toml })).toEqual([
      expect.stringContaining(
        'hosting.toml:5: cron.1.schedule: "0 25 * * *" is no schedule (invalid value for hour: 25)',
      ),
      expect.stringContaining('hosting.toml:6: cron.1.timezone: write a time zone'),
    ])
    expect(await read({ 'app.json': '{"cron":[{"schedule":"never","command":"a"}]}' })).toEqual([
      expect.stringContaining('app.json: cron.0.schedule: "never" is no schedule'),
    ])
  })

  it('are one where both files have it', async () => {
    const found = await read({
      'hosting.toml': '[[cron]]\nschedule = "@daily"\ncommand = "a"\n',
      'app.json': '{"cron":[{"schedule":"@daily","command":"a"},{"schedule":"@hourly","command":"a"}]}',
    })
    expect(found).toMatchObject({ cron: [{ schedule: '@daily' }, { schedule: '@hourly' }] })
  })
})

it('known applications have schedules that can come', async () => {
  const entries = (await loadApps()).flatMap(({ cron }) => cron)
  expect(entries.length).toBeGreaterThan(0)
})
