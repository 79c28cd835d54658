// One session as uploads/ knows it: who, in which views, by which processes; and what those have open at the moment.
import type { Actor } from '../access/authorize.ts'
import type { Credential } from '../access/logins/credential.ts'
import { filesOpenForWriting, type OpenFile } from '../lib/open-files.ts'
import type { ActiveView } from './active-views.ts'
import { pathIn } from './park.ts'
import { isStorage } from './view.ts'
import type { RoleOn } from './visible-sites.ts'

export interface Session {
  readonly account: Actor
  readonly credential: Credential | undefined
  /** SFTP, rsync, scp. */
  readonly program: string
  readonly writes: boolean
  /** By the site's id, as they were when it began. */
  readonly roles: ReadonlyMap<number, RoleOn>
  readonly views: readonly ActiveView[]
  readonly print: (line: string) => void
  pids: () => number[]
  revoke: () => void
}

export type OpenBySession = ReadonlyMap<Session, readonly OpenFile[]>

/** What all of them are writing at the moment. */
export function openBySession(sessions: Iterable<Session>): OpenBySession {
  return new Map([...sessions].map((session) => [session, session.pids().flatMap(filesOpenForWriting)]))
}

/** What is being written in a view, by all who are in it. */
export function openIn(active: ActiveView, open: OpenBySession): OpenFile[] {
  const within = [...open].filter(([{ views }]) => views.includes(active))
  return within.flatMap(([, files]) => files.filter(({ path }) => isIn(active, path)))
}

function isIn({ view }: ActiveView, path: string): boolean {
  const inSite = pathIn(view.siteName, path)
  return inSite !== undefined && !isStorage(view, inSite)
}

export function programIn(active: ActiveView, sessions: Iterable<Session>): string {
  return [...sessions].find((session) => session.views.includes(active))?.program ?? 'SFTP'
}
