// A view: the working tree of one account on one site, which its uploads go to. Below uploads/<site>-<account>/: tree/, view.json, watch.json.
// By number, not by name: a destroyed site's name may be another's the next day.
import { join } from 'node:path'
import { uploadsUid } from '../privileged/jail/setting.ts'
import type { Account } from '../store/accounts.ts'
import type { Site } from '../store/sites.ts'
import type { ObjectCache } from './objects.ts'
import type { ViewState } from './state.ts'

export interface View {
  readonly siteId: number
  readonly siteName: string
  readonly account: Account
  /** Of this view, not of the client's making. */
  readonly directory: string
  state: ViewState
  readonly objects: ObjectCache
  /** Paths of storage, which is mounted there for the uploader: byte strings (latin1). */
  storage: ReadonlySet<string>
}

export function treeOf({ directory }: Pick<View, 'directory'>): string {
  return join(directory, 'tree')
}

/** Keeps its last commit, and its base, in the repository. Hidden from clients. */
export function refOf({ siteId, account }: Pick<View, 'siteId' | 'account'>): string {
  return `refs/hosting/uploads/${siteId}-${account.id}`
}

/** Who has just one user can give files to nobody else; sessions run as that user then. */
export function ownerOfUploads(): number | undefined {
  return process.geteuid?.() === 0 ? uploadsUid : undefined
}

/** Whether a path is storage, or lies in it. */
export function isStorage({ storage }: Pick<View, 'storage'>, path: string): boolean {
  if (storage.size === 0) return false
  for (let end = path.length; end > 0; end = path.lastIndexOf('/', end - 1)) {
    if (storage.has(path.slice(0, end))) return true
  }
  return false
}

export type SiteOfView = Pick<Site, 'id' | 'name' | 'branch'>
