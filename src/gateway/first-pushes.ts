// Sites that a push has just made: whichever of the pushes under way leaves last removes the site again if nothing came of it.
// A push that arrives while that happens waits, and makes the site anew.
import { repositoryPath } from '../config/home.ts'
import type { Config } from '../config/load.ts'
import type { Deployments } from '../deploy/types.ts'
import { gitOk } from '../git/git.ts'
import { exists } from '../lib/files.ts'
import type { Log } from '../lib/log.ts'
import type { Site } from '../store/sites.ts'
import type { Store } from '../store/store.ts'

interface Parts {
  readonly config: Config
  readonly store: Store
  readonly deployments: Pick<Deployments, 'destroy'>
  readonly log: Log
}

interface Found {
  readonly site: Site
  /** This very push has made it. */
  readonly isNew: boolean
}

export interface FirstPushes {
  /** Finds or makes the site of a push, which must `leave` afterwards. */
  enter(name: string, findOrCreate: () => Promise<Found>): Promise<Found>
  leave(site: Site): Promise<void>
}

interface Presence {
  pushes: number
  isNew: boolean
  /** Entering and leaving one site happen one after the other. */
  turn: Promise<unknown>
}

export function createFirstPushes(parts: Parts): FirstPushes {
  const present = new Map<string, Presence>()
  const presenceAt = (name: string) => {
    const presence = present.get(name) ?? { pushes: 0, isNew: false, turn: Promise.resolve() }
    present.set(name, presence)
    presence.pushes++
    return presence
  }
  const away = (name: string, presence: Presence) => {
    if (--presence.pushes === 0) present.delete(name)
  }
  return {
    async enter(name, findOrCreate) {
      const presence = presenceAt(name)
      try {
        const found = await inTurn(presence, findOrCreate)
        presence.isNew ||= found.isNew
        return found
      } catch (error) {
        away(name, presence)
        throw error
      }
    },
    async leave(site) {
      const presence = present.get(site.name)
      if (presence === undefined) return
      await inTurn(presence, async () => {
        if (presence.pushes > 1 || !presence.isNew) return
        presence.isNew = false
        await removeIfEmpty(parts, site)
      })
      away(site.name, presence)
    },
  }
}

async function inTurn<T>(presence: Presence, work: () => Promise<T>): Promise<T> {
  const mine = presence.turn.then(work)
  presence.turn = mine.catch(() => undefined)
  return await mine
}

async function removeIfEmpty({ config, store, deployments, log }: Parts, site: Site): Promise<void> {
  try {
    const releases = await store.releases.listOf(site.id)
    if (releases.some((release) => release.state !== 'failed')) return
    if (await hasRefs(repositoryPath(config.home, site.name))) return
    await deployments.destroy(site)
  } catch (error) {
    log.error({ err: error, site: site.name }, 'a site that nothing was pushed to could not be removed')
  }
}

async function hasRefs(repository: string): Promise<boolean> {
  if (!(await exists(repository))) return false
  return (await gitOk({ repository }, ['for-each-ref', '--count=1'])) !== ''
}
