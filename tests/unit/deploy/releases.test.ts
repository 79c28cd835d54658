import { describe, expect, it } from 'vitest'
import { chooseTarget } from '../../../src/deploy/operations/rollback.ts'
import { unusedDirectories } from '../../../src/deploy/release-files.ts'
import { surplus } from '../../../src/deploy/steps/retire-releases.ts'
import type { Release } from '../../../src/store/releases.ts'
import type { Site } from '../../../src/store/sites.ts'

function release(number: number, state: Release['state'], directory = `d${number}`): Release {
  return {
    id: `r${number}`,
    site_id: 1,
    number,
    commit: 'c',
    subject: 's',
    buildpack: 'static',
    account_id: 1,
    state,
    reason: null,
    directory,
    rollback_of: null,
    timings: '{}',
    created_at: '2026-01-01T00:00:00.000Z',
    live_at: null,
  }
}

const site: Site = {
  id: 1,
  name: 'demo.localhost',
  owner_id: 1,
  branch: 'main',
  state: 'running',
  live_release_id: 'r4',
  live_instance_id: 'i',
  maintenance: 0,
  hsts: 0,
  created_at: '',
}
const history = [release(4, 'live'), release(3, 'failed'), release(2, 'retired'), release(1, 'retired')]

describe('rollback', () => {
  it('goes to the newest earlier release that was live', () => {
    expect(chooseTarget(history, site, undefined).number).toBe(2)
  })

  it('after a rollback goes further back, not to the release it came from', () => {
    const live = { ...release(5, 'live', 'd2'), rollback_of: 2 }
    const again = [live, release(4, 'retired'), release(2, 'retired', 'd2'), release(1, 'retired')]
    expect(chooseTarget(again, { ...site, live_release_id: 'r5' }, undefined).number).toBe(1)
  })

  it.each([
    [4, 'Release 4 of demo.localhost is the live one'],
    [3, 'Release 3 of demo.localhost has never been live'],
    [9, 'demo.localhost has no release 9'],
  ])('refuses release %i', (number, message) => {
    expect(() => chooseTarget(history, site, number)).toThrow(message)
  })

  it('refuses when there is none', () => {
    expect(() => chooseTarget([release(1, 'live')], { ...site, live_release_id: 'r1' }, undefined)).toThrow(
      'no earlier release',
    )
  })
})

describe('keeping releases', () => {
  it('keeps the live one and the newest of the others', () => {
    expect(surplus(history, 2).map((one) => one.number)).toEqual([1])
    expect(surplus(history, 3)).toEqual([])
  })

  it('gives nothing up for a rollback, which repeats what is there', () => {
    const back = [
      release(6, 'live', 'd2'),
      release(5, 'retired', 'd3'),
      ...history.map((one) => ({ ...one, state: 'retired' as const })),
    ]
    expect(surplus(back, 4)).toEqual([])
    expect(surplus(back, 3).map((one) => one.number)).toEqual([1])
  })

  it('keeps files that a rollback still uses', () => {
    expect(unusedDirectories([release(3, 'live', 'd1'), release(2, 'removed'), release(1, 'removed')])).toEqual(['d2'])
  })
})
