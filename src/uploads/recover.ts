// At start: what sessions of the last run had written and not committed, and views of sites and accounts that are gone.
import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { absentAsUndefined, removeTree } from '../lib/files.ts'
import type { CommittingParts } from './committing.ts'
import { commitActive } from './committing.ts'
import { roleOn } from './visible-sites.ts'

export async function recoverViews(parts: CommittingParts): Promise<void> {
  const { uploads } = parts.config.home
  for (const entry of (await absentAsUndefined(readdir(uploads))) ?? []) {
    const known = await findView(entry, parts)
    if (known === undefined) await removeTree(join(uploads, entry))
    else if (known.role === 'write')
      await recoverView(known, parts).catch((error: unknown) =>
        parts.log.warn({ err: error, site: known.site.name }, 'an upload of the last run was not committed'),
      )
  }
}

type Known = NonNullable<Awaited<ReturnType<typeof findView>>>

async function recoverView({ site, account }: Known, parts: CommittingParts): Promise<void> {
  const mayStill = async () => (await findView(`${site.id}-${account.id}`, parts))?.role === 'write'
  const active = await parts.views.enter(site, account)
  active.staying -= 1
  try {
    await commitActive(active, { open: new Set(), program: 'SFTP', mayStill }, parts)
  } finally {
    await parts.views.leave(active)
  }
}

async function findView(entry: string, { store }: CommittingParts) {
  const [siteId, accountId] = entry.split('-').map(Number)
  const account = (await store.accounts.list()).find(({ id }) => id === accountId)
  const site = siteId === undefined ? undefined : await store.sites.findById(siteId)
  if (account === undefined || site === undefined) return undefined
  const role = await roleOn(site, account, store)
  return role && { site, role, account }
}
