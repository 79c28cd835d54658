// Readies a view for a session: made when there is none, made anew when the branch has moved and nothing of its account's is in it.
import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import { releasePath, repositoryPath, viewPath } from '../config/home.ts'
import { readManifest } from '../deploy/manifest.ts'
import { type ChangedPath, changedPaths } from '../git/changes.ts'
import { exists, removeTree } from '../lib/files.ts'
import { Rooted } from '../lib/rooted.ts'
import type { Account } from '../store/accounts.ts'
import type { Site } from '../store/sites.ts'
import { arriveAt } from './arrive.ts'
import { checkOutView } from './checkout.ts'
import { type CommitParts, limitsOf } from './commit-view.ts'
import { absent, findDifference } from './difference.ts'
import { park, unpark } from './park.ts'
import { forgetWhereRoom } from './refusals.ts'
import { shownCommit } from './shown-commit.ts'
import { scanTree } from './scan.ts'
import { freshState, readState, readWatch, writeState } from './state.ts'
import { type SiteOfView, treeOf, type View } from './view.ts'

export async function openView(site: Site, account: Account, { config }: Pick<CommitParts, 'config'>): Promise<View> {
  const directory = viewPath(config.home, site.id, account.id)
  const known = await readState(directory)
  // Without its state nobody knows whose a tree is, or what was changed in it.
  if (known === undefined) await removeTree(directory)
  const state = known ?? freshState(null, [])
  return { siteId: site.id, siteName: site.name, account, directory, state, objects: new Map(), storage: new Set() }
}

/** While nobody is in it. @returns whether it is as the branch is: nothing of its account's is to be committed */
export async function prepareView(view: View, site: Site, parts: CommitParts): Promise<boolean> {
  const repository = repositoryPath(parts.config.home, site.name)
  const limits = limitsOf(parts.config)
  const { lfs } = parts
  view.storage = new Set((await storageOf(site, parts)).map(({ path }) => path))
  const commit = await shownCommit(site, parts)
  const place = { repository, commit, limits, lfs }
  if (!(await exists(treeOf(view)))) {
    await checkOutView(view, place)
    return true
  }
  await parkDoubtful(view, limits.maxFiles)
  unpark(view)
  await forgetWhereRoom(view, parts.config)
  const isCurrent = (commit ?? null) === view.state.base && Object.keys(view.state.stale).length === 0
  if (isCurrent) return false
  const difference = await findDifference(view, { repository, limits, lfs, open: new Set() })
  if (difference.changes.size > 0 || difference.pending.length > 0) return false
  const hasKept = Object.keys(view.state.parked).length > 0
  const theirs = await changesTo(commit, view, { repository, most: hasKept ? Infinity : mostToBring })
  if (theirs !== undefined && commit !== undefined)
    await arriveAt(view, { repository, commit, difference, theirs, lfs })
  else if (!hasKept) await checkOutView(view, place)
  return !hasKept
}

/** More than this, and a new tree is made beside the old one. */
const mostToBring = 500

async function changesTo(
  commit: string | undefined,
  { state }: View,
  { repository, most }: { repository: string; most: number },
): Promise<ChangedPath[] | undefined> {
  const { base, stale } = state
  if (base === null || commit === undefined || Object.keys(stale).length > 0) return undefined
  const theirs = await changedPaths({ repository }, { from: base, to: commit })
  return theirs.length > most ? undefined : theirs
}

/** After an end without order: what was being written then may be half of what it was to become. */
export async function parkDoubtful(view: View, maxFiles: number): Promise<void> {
  const watch = await readWatch(view.directory)
  if (watch === undefined) return
  using root = Rooted.open(treeOf(view))
  const { files } = await scanTree(root, view.storage, { maxFiles })
  const open = new Set(watch.open)
  const doubtful = [...files].filter(([, { inode, changedAtMs }]) => open.has(inode) || changedAtMs > watch.lookedAtMs)
  for (const [path, { signature }] of doubtful) park(view, path, signature)
  await writeState(view.directory, view.state)
  await rm(join(view.directory, 'watch.json'), { force: true })
}

/** What was staged by who has lost the right to it meanwhile, with a stolen password perhaps: kept, and live only when it is touched again. */
export async function parkStaged(view: View, site: SiteOfView, { config, lfs }: CommitParts): Promise<void> {
  const repository = repositoryPath(config.home, site.name)
  const { changes } = await findDifference(view, { repository, limits: limitsOf(config), lfs, open: new Set() })
  for (const [path, change] of changes) {
    if (change === null) view.state.stale[path] = absent
    else park(view, path, change.signature)
  }
  await writeState(view.directory, view.state)
}

export interface StoragePath {
  /** Byte string (latin1), without a slash at the end. */
  readonly path: string
  readonly isFolder: boolean
}

/** What the live release may write. */
export async function storageOf(
  site: Site,
  { config, store }: Pick<CommitParts, 'config' | 'store'>,
): Promise<StoragePath[]> {
  if (site.live_release_id === null) return []
  const { directory } = await store.releases.get(site.live_release_id)
  const manifest = await readManifest(releasePath(config.home, site.name, directory)).catch(() => undefined)
  if (manifest === undefined || manifest.image === 'static') return []
  return manifest.storage.map((path) => ({
    path: Buffer.from(path.replace(/\/+$/, '')).toString('latin1'),
    isFolder: path.endsWith('/'),
  }))
}
