import { expect, it } from 'vitest'
import type { CronState } from '../../../src/deploy/processes/types.ts'
import { createPlatform, terminal } from './platform.ts'

const entry: CronState = {
  ...{ number: 1, schedule: '0 3 * * *', timezone: 'Europe/Berlin', command: 'php night.php', running: false },
  nextAt: new Date(Date.now() + 2 * 3600_000 + 5000).toISOString(),
  last: {
    ...{ startedAt: '2026-01-01T02:00:00.000Z', endedAt: '2026-01-01T02:00:01.000Z', result: 'failed', exitCode: 3 },
  },
}

it('lists entries with their next run and what became of the last, and info tells of those that failed', async () => {
  const workers = [
    { name: 'queue', state: 'running', startedAt: null, exitCode: null, nextAt: null },
    { name: 'mail', state: 'waiting', startedAt: null, exitCode: 9, nextAt: '2026-01-01T02:00:00.000Z' },
  ] as const
  await using platform = await createPlatform({
    deployments: { surveyProcesses: () => Promise.resolve({ workers, cron: [entry] }) },
  })
  await platform.site('demo.localhost', 'ann')
  const { out } = await platform.run('cron demo', { terminal })
  expect(out).toMatch(/1 +0 3 \* \* \* Europe\/Berlin +in 2 h .*status 3, /)
  expect(JSON.parse((await platform.run('cron demo --json')).out)).toEqual([entry])
  const info = (await platform.run('info demo')).out
  expect(info).toContain('queue running, mail ended with status 9, started again 2026-01-01T02:00:00.000Z')
  expect(info).toContain('1 entry, the last run of 1 failed')
})

it('runs an entry and ends as it does', async () => {
  await using platform = await createPlatform({
    deployments: {
      runCron: (_site, number, print) => {
        print('working')
        return Promise.resolve({ result: 'failed', exitCode: number })
      },
    },
  })
  await platform.site('demo.localhost', 'ann')
  const ran = await platform.run('cron:run demo 3')
  expect(ran.out).toContain('working')
  expect(ran.out).toContain('✗ Entry 3 of demo.localhost has failed, with exit status 3')
  expect(ran.out).toContain('logs demo.localhost --source cron')
  expect(ran.code).toBe(3)
  expect((await platform.run('cron:run demo first')).err).toContain('NUMBER: must be the number of an entry')
})
