// The routing tree: <domain> → ../instances/<id>. It is a projection of the database: nothing here is the truth.
import { join } from 'node:path'
import type { Home } from '../config/home.ts'
import { ensureDirectory } from '../lib/files.ts'
import { idSchema } from '../lib/id.ts'
import { entriesIn, type Entries } from './entries.ts'
import type { Routes } from './types.ts'

/** Directories beside the instances that serve nothing. The directory `stopped` in one of them is what nginx looks for. */
const parked = { 'not-deployed': 'parked', stopped: 'stopped' } as const
const nothing: readonly string[] = Object.values(parked)

export interface RoutingTree extends Routes {
  /** Removes what a crash in the middle of a switch left behind. */
  clean(): Promise<void>
}

export function routesIn(home: Home, entries: Entries = entriesIn(home, { toHttps: true })): RoutingTree {
  return {
    async point(domain, instanceId) {
      await entries.lead(domain, idSchema.parse(instanceId))
    },
    async park(domain, why = 'not-deployed') {
      await ensureDirectory(join(home.instances, parked[why]), 0o711)
      if (why === 'stopped') await ensureDirectory(join(home.instances, parked.stopped, 'stopped'), 0o711)
      await entries.lead(domain, parked[why])
    },
    remove: (domain) => entries.remove(domain),
    async list() {
      const targets = [...(await entries.list())]
      return new Map(
        targets.map(([name, target]) => [name, target === '' || nothing.includes(target) ? undefined : target]),
      )
    },
    clean: () => entries.clean(),
  }
}
