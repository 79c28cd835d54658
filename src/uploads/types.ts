// What doors and commands see of uploads/.
import type { Actor } from '../access/authorize.ts'
import type { Credential } from '../access/logins/credential.ts'
import type { HostingError } from '../errors/hosting-error.ts'
import type { OpenFile } from '../lib/open-files.ts'
import type { SiteInJail } from '../privileged/jail/order.ts'

/** A file that was refused room while it was written. */
export interface Refusal {
  readonly why: 'file-size' | 'no-space'
  /** `device:inode` of what is open just now. */
  readonly inode: string
}

/** How the processes of a session ended. */
export interface SessionEnd {
  /** What they were still writing when the client left. */
  readonly open: readonly OpenFile[]
  /** They were ended by force: what they were writing is known from the last look only. */
  readonly killed: boolean
}

export interface UploadSession {
  readonly sites: readonly SiteInJail[]
  /** What the account has not been told yet. */
  readonly notices: readonly string[]
  /** From now on its processes are looked at. @param revoke ends them: the account may no more what it could */
  began(processes: { readonly pids: () => number[]; readonly revoke: () => void }): void
  /** To be called while the file is open. */
  refused(refusal: Refusal): void
  /**
   * To be called when its processes have ended.
   * @returns the end of what becomes of the upload: undefined when all is live, or there was nothing
   */
  leave(end: SessionEnd): Promise<HostingError | undefined>
}

export interface Opening {
  readonly account: Actor
  /** What it came with: when that opens nothing any more, the session ends. */
  readonly credential?: Credential | undefined
  /** Of the commit's message: SFTP, rsync, scp. */
  readonly program: string
  /** Whether it may change anything: some copy programs only fetch. */
  readonly writes: boolean
  /** What the client named, sites perhaps: those are shown before others. */
  readonly wanted: readonly string[]
  /** Tells whoever is connected. */
  readonly print: (line: string) => void
}

export interface Uploads {
  /** @throws HostingError busy when the account has too many sessions */
  open(opening: Opening): Promise<UploadSession>
  /** Commits what the last run of the platform could not. */
  recover(): Promise<void>
  /** Nothing is committed any more; the next start does. */
  stop(): Promise<void>
}
