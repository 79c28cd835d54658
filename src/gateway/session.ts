// What every door (SSH, the local control socket, HTTPS) makes of a visitor: an account that wants one thing run.
import type { Readable, Writable } from 'node:stream'
import type { Actor } from '../access/authorize.ts'
import type { Credential } from '../access/logins/credential.ts'
import type { Terminal } from '../lib/terminal.ts'

export interface Request {
  readonly account: Actor
  readonly door: 'ssh' | 'local' | 'https'
  readonly remoteAddress: string
  /** Who it is as of now; undefined: what opened the door opens it no more. Missing where nothing was needed to come in. */
  readonly recheck?: () => Promise<Pick<Request, 'account'> | undefined>
  /** What opened the door. The local one needs nothing. */
  readonly credential?: Credential
  /** The user name that the client gave. It proves nothing. */
  readonly userName?: string
  /** The public key that opened the door, if one did. */
  readonly fingerprint?: string
  /** Set when the client has a terminal: only then colours, and tables that fit its width. */
  readonly terminal?: Terminal
  /** GIT_PROTOCOL as the client sent it, already checked to be `version=N`(:…). */
  readonly gitProtocol?: string
  readonly stdin: Readable
  readonly stdout: Writable
  readonly stderr: Writable
  /** Aborts when the client is gone. What was received is finished all the same; only output is in vain. */
  readonly gone: AbortSignal
  /**
   * From now on every key goes to the handler as it is, and its output to the terminal: Ctrl-C is its own, no longer the way to end it.
   * Missing where the input is no terminal. @returns how to give them back
   */
  readonly takeKeys?: () => () => void
  /** From now on signals that the client sends go to the handler, which ends no more by them. */
  readonly takeSignals?: (deliver: (signal: ClientSignal) => void) => void
}

export type ClientSignal = 'HUP' | 'INT' | 'QUIT' | 'TERM'

/** The other side of every door. Each resolves with an exit status and never rejects. */
export interface Handlers {
  exec(request: Request, commandLine: string): Promise<number>
  shell(request: Request): Promise<number>
  subsystem(request: Request, name: string): Promise<number>
}
