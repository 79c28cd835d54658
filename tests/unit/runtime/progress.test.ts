import { afterEach, beforeEach, expect, it, vi } from 'vitest'
import { withProgress } from '../../../src/runtime/docker/images/progress.ts'

beforeEach(() => void vi.useFakeTimers())
afterEach(() => void vi.useRealTimers())

it('tells four times a minute what goes on, as a line without what is for terminals', async () => {
  const told: string[] = []
  const done = withProgress({ title: 'Image x', report: (line) => told.push(line) }, async (note) => {
    note('Setting up a\n\u001b[32mSetting up b\u001b[0m\r\n')
    await vi.advanceTimersByTimeAsync(31_000)
    return 'made'
  })
  expect(await done).toBe('made')
  expect(told).toEqual(['Image x …', '  15 s: Setting up b', '  30 s: Setting up b', 'Image x: done in 31 s'])
})
