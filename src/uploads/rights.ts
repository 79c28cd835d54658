// What a session may at this moment: its account, what it came with, and its sites are asked for anew.
import type { Actor } from '../access/authorize.ts'
import type { CommittingParts } from './committing.ts'
import type { Session } from './session.ts'
import { type RoleOn, roleOn } from './visible-sites.ts'

/** Undefined: it may not even see it any more. */
export async function currentRole(
  session: Session,
  siteId: number,
  parts: Pick<CommittingParts, 'store' | 'recheck'>,
): Promise<RoleOn | undefined> {
  const actor = await actorOf(session, parts)
  const site = await parts.store.sites.findById(siteId)
  if (actor === undefined || site === undefined) return undefined
  return await roleOn(site, actor, parts.store)
}

/** With what its password or its token still allows. */
async function actorOf(
  { account, credential }: Session,
  { store, recheck }: Pick<CommittingParts, 'store' | 'recheck'>,
): Promise<Actor | undefined> {
  if (credential !== undefined) return await recheck(credential)
  return (await store.accounts.list()).find(({ id }) => id === account.id)
}
