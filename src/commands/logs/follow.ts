// Follows several sources at once. Each waits until its line is written, so that a slow reader slows the sources down and
// nothing piles up here. Ends when the visitor is gone, the site is, or the permission to read it.
import { authorize, noSuchSite } from '../../access/authorize.ts'
import { pause } from '../../lib/pause.ts'
import type { SiteContext } from '../command.ts'
import { write } from '../output/write.ts'
import { type LogEntry, type LogSource, renderEntry } from './entry.ts'

const checkMs = 2000

/** @param written is told of each line that was shown @throws HostingError not-found, forbidden */
export async function followAll(
  context: SiteContext,
  sources: readonly LogSource[],
  written: (entry: LogEntry) => void,
): Promise<void> {
  const stop = new AbortController()
  const signal = AbortSignal.any([context.gone, stop.signal])
  const emit = async (entry: LogEntry) => {
    if (!(await write(context, renderEntry(entry, context)))) stop.abort()
    else written(entry)
  }
  const running = [whileAllowed(context, signal), ...sources.map((source) => source.follow(emit, signal))]
  try {
    await Promise.race(running)
  } finally {
    stop.abort()
    await Promise.allSettled(running)
  }
}

async function whileAllowed({ store, site, account, clock }: SiteContext, signal: AbortSignal): Promise<void> {
  for (;;) {
    await pause(clock, checkMs, signal)
    if (signal.aborted) return
    const [current, visitor] = [await store.sites.find(site.name), await store.accounts.find(account.name)]
    if (current?.id !== site.id || visitor?.id !== account.id) throw noSuchSite(site.name)
    await authorize(store, visitor, { action: 'site:read', site: current })
  }
}
