// What doors, commands and deploys ask of databases.
import type { Readable, Writable } from 'node:stream'
import type { Terminal } from '../../lib/terminal.ts'
import type { DatabaseRow } from '../../store/databases.ts'
import type { Site } from '../../store/sites.ts'

export type Print = (line: string) => void

/** What an instance finds of its site's database. */
export interface DatabaseSurroundings {
  readonly env: Readonly<Record<string, string>>
  /** Holds the server's socket. Left out: the server is reached over the network. */
  readonly databaseDirectory?: string
}

export interface DatabaseInfo {
  readonly name: string
  readonly user: string
  readonly host: string
  readonly port: number | null
  readonly socket: string | null
  readonly sizeBytes: number
  readonly tables: number
  readonly connections: number
  readonly maxConnections: number
  readonly createdAt: string
}

export interface Dumping {
  readonly stdout: Writable
  /** Cuts it short. */
  readonly signal: AbortSignal
}

export interface Restoring {
  readonly stdin: Readable
  readonly signal: AbortSignal
}

export interface Asking extends Dumping {
  readonly stdin: Readable
  readonly stderr: Writable
  /** Left out: what comes in is SQL, which is run up to the first mistake in it. */
  readonly terminal?: Terminal
}

/** One database a site, with one account that has rights on nothing else. */
export interface Databases {
  /** Finishes or undoes what was cut off and starts the server where there is something for it; neither is waited for. */
  start(): Promise<void>
  /** Ends what is under way; the server as well, in a trial run. */
  stop(): Promise<void>
  /** @throws HostingError not-found when the site has none, conflict when it is only half made */
  get(site: Site): Promise<DatabaseRow>
  /** Makes the database of a site unless it has one. @returns whether it was made now */
  ensure(site: Site, print: Print): Promise<boolean>
  /** Undefined when the site has no database. */
  surroundings(site: Site): Promise<DatabaseSurroundings | undefined>
  describe(site: Site): Promise<DatabaseInfo>
  password(site: Site): Promise<string>
  /** Removes the database of a site, and those of sites that are gone; what cannot be removed now is at the next start. */
  remove(site: Site): Promise<void>
  removeLeftovers(): Promise<void>
  /** Gives the account a second password, which instances get from now on. */
  beginRotation(site: Site): Promise<void>
  /** Takes the new password away. */
  undoRotation(site: Site): Promise<void>
  /** Takes the former password away. @throws HostingError conflict when `works` fails without it: then it holds again */
  finishRotation(site: Site, works: () => Promise<void>): Promise<void>
  /** Sites whose account is to lose its former password, and since when it has a new one. */
  rotations(): Promise<readonly { siteId: number; since: string }[]>
  /** Writes a consistent dump. @throws HostingError when it is not whole */
  dump(site: Site, dumping: Dumping): Promise<void>
  /** Replaces the content by that of a dump, in one step at the end. @throws HostingError invalid-dump; then nothing has changed */
  restore(site: Site, restoring: Restoring): Promise<{ tables: number }>
  /** An SQL prompt. @returns the exit status of the client program */
  open(site: Site, asking: Asking): Promise<number>
}
