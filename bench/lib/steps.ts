// The steps of the pushes of one platform, as it keeps them with each release.
import { z } from 'zod'
import type { Platform } from '../../tests/helpers/platform.ts'
import { type Result, resultOf } from './result.ts'

const releasesSchema = z.array(z.object({ timingsMs: z.record(z.string(), z.number()) }))

/** A row a step. The first release, which has nothing to build on, doesn't count. */
export async function stepsOf(platform: Platform, of: string): Promise<Result[]> {
  const releases = releasesSchema.parse(await platform.admin.json('releases pushed --all'))
  const timings = releases.slice(0, -1).map(({ timingsMs }) => timingsMs)
  return Object.keys(timings[0] ?? {}).map((step) => {
    const runs = timings.flatMap((timing) => (timing[step] === undefined ? [] : [{ value: timing[step] }]))
    return resultOf({ name: `  ${of}: ${step}`, unit: 'ms', runs })
  })
}
