// Where the databases are: the server that the platform runs, or an existing one. Both answer the same questions.
import type { ConnectionOptions } from 'mysql2/promise'
import type { Mount, Surroundings } from '../../runtime/runtime.ts'
import type { Print } from './types.ts'

export interface DatabaseServer {
  /** Sees to it that it answers. @throws HostingError unavailable */
  ensure(print: Print): Promise<void>
  /** From then on it is started again when it ends, until `stop`. */
  keep(): void
  stop(): Promise<void>
  adminConnection(): Promise<ConnectionOptions>
  readonly address: Address
  /** From where an account may come (the part after the `@` of its name). */
  readonly accountHost: 'localhost' | '%'
  /** Whether accounts may only use encrypted connections. */
  readonly requireTls: boolean
  /** Left out: reached over the network. */
  readonly socketDirectory?: string
  /** How programs of MariaDB's reach it from a container of their own. */
  readonly client: {
    readonly arguments: readonly string[]
    readonly mounts: readonly Mount[]
    readonly network: Surroundings['network']
  }
}

export interface Address {
  readonly host: string
  readonly port: number | null
  readonly socket: string | null
}

/** Where instances and clients find the socket; Debian's PHP looks there for `localhost`. */
export const socketInContainers = '/run/mysqld/mysqld.sock'
