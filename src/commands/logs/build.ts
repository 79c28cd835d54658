// What a deploy printed: one file a release. Following goes over to the next release when there is one.
import { join } from 'node:path'
import { siteLogPath } from '../../config/home.ts'
import { pause } from '../../lib/pause.ts'
import { followLines, readTail, type TailPosition } from '../../lib/tail.ts'
import type { Release } from '../../store/releases.ts'
import type { SiteContext } from '../command.ts'
import { getRelease } from '../releases/get-release.ts'
import type { LogEntry, LogSource } from './entry.ts'

const pollMs = 500

/** @param number a release to stay with; left out: the newest, and those that come after it */
export function buildLog(context: SiteContext, number?: number): LogSource {
  const { config, site, clock } = context
  const pathOf = (release: Release) => join(siteLogPath(config.home, site.name), 'build', `${release.id}.log`)
  const find = async () => (number === undefined ? await findNewest(context) : await getRelease(context, number))
  let shown: Release | undefined
  let position: TailPosition | undefined

  async function followOne(release: Release, emit: (entry: LogEntry) => Promise<void>, signal: AbortSignal) {
    const from = release.id === shown?.id ? position : undefined
    if (release.id !== shown?.id) await emit(toEntry(release, `Release #${release.number}`))
    for await (const line of followLines(pathOf(release), { from, clock, signal })) await emit(toEntry(release, line))
  }

  return {
    async backlog(count) {
      const release = (shown = await find())
      if (release === undefined) return []
      const tail = await readTail(pathOf(release), count)
      position = tail?.position
      return (tail?.lines ?? []).map((line) => toEntry(release, line))
    },
    async follow(emit, signal) {
      while (!signal.aborted) {
        const release = await find()
        const superseded = new AbortController()
        const until = AbortSignal.any([signal, superseded.signal])
        const reading = release === undefined ? Promise.resolve() : followOne(release, emit, until)
        await Promise.race([reading, untilOther(release, signal)])
        superseded.abort()
        await reading
      }
    },
  }

  async function untilOther(release: Release | undefined, signal: AbortSignal): Promise<void> {
    do await pause(clock, pollMs, signal)
    while (!signal.aborted && (await find())?.id === release?.id)
  }
}

async function findNewest({ store, site }: SiteContext): Promise<Release | undefined> {
  return (await store.releases.listOf(site.id))[0]
}

function toEntry({ number }: Release, text: string): LogEntry {
  return { source: 'build', text, data: { release: number } }
}
