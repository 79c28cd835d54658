// What a push asks for, read off its ref updates: which commit is to be deployed, and what to say about the rest. Pure.
import { HostingError } from '../errors/hosting-error.ts'
import type { RefUpdate } from '../git/types.ts'

export interface PushPlan {
  /** The update of the deployed branch, if the push has one. */
  readonly deploy?: RefUpdate
  /** Set when this first push makes another branch the deployed one. */
  readonly adoptBranch?: string
  /** What is stored without being deployed, as sentences. */
  readonly notes: readonly string[]
}

interface PushedSite {
  readonly name: string
  readonly branch: string
  /** No branch has been pushed before. */
  readonly isEmpty: boolean
}

const branchPrefix = 'refs/heads/'
/** What `git init` called its first branch before 2020, and still does where init.defaultBranch is not set. */
const formerDefault = 'master'

/** @throws HostingError push-refused when the deployed branch is to be deleted */
export function planPush(updates: readonly RefUpdate[], site: PushedSite): PushPlan {
  const adoptBranch = branchToAdopt(updates, site)
  const branch = adoptBranch ?? site.branch
  const deploy = updates.find((update) => update.ref === branchPrefix + branch)
  if (deploy !== undefined && isNothing(deploy.to)) throw deletesDeployedBranch(site)
  const others = updates.filter((update) => update !== deploy)
  const notes = others.map((update) => describe(update))
  if (deploy === undefined && others.some((update) => !isNothing(update.to))) {
    notes.push(`Nothing was deployed: ${site.name} deploys the branch ${branch}.`)
  }
  return { notes, ...(deploy && { deploy }), ...(adoptBranch !== undefined && { adoptBranch }) }
}

/** A first push with `master` and without the default branch says which branch its owner works on. */
function branchToAdopt(updates: readonly RefUpdate[], site: PushedSite): string | undefined {
  if (!site.isEmpty) return undefined
  const pushed = updates
    .filter((update) => update.ref.startsWith(branchPrefix))
    .map((update) => update.ref.slice(branchPrefix.length))
  if (pushed.includes(site.branch)) return undefined
  return pushed.includes(formerDefault) ? formerDefault : undefined
}

function describe({ ref, to }: RefUpdate): string {
  const what = ref.replace(/^refs\/heads\//, 'branch ').replace(/^refs\/tags\//, 'tag ')
  return isNothing(to) ? `Removed ${what}.` : `Stored ${what}.`
}

/** All zeros, as many as the repository's hash has digits (gitprotocol-pack(5)). */
export function isNothing(object: string): boolean {
  return /^0+$/.test(object)
}

function deletesDeployedBranch(site: PushedSite): HostingError {
  return new HostingError('push-refused', `${site.branch} is what ${site.name} serves, so it can't be deleted`, {
    hint: `stop ${site.name} takes the site off the air, destroy ${site.name} removes it, branch ${site.name} OTHER deploys another branch.`,
  })
}
