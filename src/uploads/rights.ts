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
  return await roleOf(await actorOf(session, parts), siteId, parts)
}

/** Whether it may do still on each of its sites what it could when it began: who it is, is asked for once. */
export async function hasItsRoles(
  session: Session,
  parts: Pick<CommittingParts, 'store' | 'recheck'>,
): Promise<boolean> {
  const actor = await actorOf(session, parts)
  for (const [id, role] of session.roles) if ((await roleOf(actor, id, parts)) !== role) return false
  return true
}

async function roleOf(
  actor: Actor | undefined,
  siteId: number,
  { store }: Pick<CommittingParts, 'store'>,
): Promise<RoleOn | undefined> {
  const site = await store.sites.findById(siteId)
  return actor === undefined || site === undefined ? undefined : await roleOn(site, actor, store)
}

/** With what its password or its token still allows. */
async function actorOf(
  { account, credential }: Session,
  { store, recheck }: Pick<CommittingParts, 'store' | 'recheck'>,
): Promise<Actor | undefined> {
  if (credential !== undefined) return await recheck(credential)
  return (await store.accounts.list()).find(({ id }) => id === account.id)
}
