// A connection with which the platform manages databases and accounts. Values go in by placeholders, names by `identifier`.
import type { Connection, ConnectionOptions } from 'mysql2/promise'
import { z } from 'zod'
import { HostingError } from '../../errors/hosting-error.ts'
import type { Log } from '../../lib/log.ts'

export interface Admin {
  run(sql: string, values?: readonly (string | number)[]): Promise<void>
  rows<T>(schema: z.ZodType<T>, sql: string, values?: readonly (string | number)[]): Promise<T[]>
}

export type AdminWork<T> = (admin: Admin) => Promise<T>

const connectTimeoutMs = 10_000

/** Says in the log why, which is no business of whoever asked: a refused login would name the platform's own account. */
export function logUnavailable(error: unknown, log: Log): never {
  if (error instanceof HostingError && error.code === 'unavailable') log.warn({ err: error.cause }, error.message)
  throw error
}

/** Opens a connection for one piece of work: on a socket that takes a millisecond or two. @throws HostingError unavailable */
export async function withAdmin<T>(options: ConnectionOptions, work: AdminWork<T>): Promise<T> {
  const connection = await connect(options)
  try {
    return await work(adminOf(connection))
  } finally {
    connection.destroy()
  }
}

/** A name of a database, table or the like in a statement, whatever is in it. */
export function identifier(name: string): string {
  return `\`${name.replaceAll('`', '``')}\``
}

/** A database's name in GRANT, where `_` and `%` stand for any characters otherwise. */
export function grantedDatabase(name: string): string {
  return identifier(name.replace(/[\\_%]/g, '\\$&'))
}

async function connect(options: ConnectionOptions): Promise<Connection> {
  // Loaded when first needed: a platform of static sites has no use for it.
  const { createConnection } = await import('mysql2/promise')
  try {
    const connection = await createConnection({ ...options, connectTimeout: connectTimeoutMs, charset: 'utf8mb4' })
    // A server that goes away in between is told by the statement that fails.
    connection.on('error', () => undefined)
    return connection
  } catch (cause) {
    throw new HostingError('unavailable', `The database server does not answer${reason(cause)}`, {
      hint: 'Try again in a moment; if it stays, whoever runs this server finds the reason in the log.',
      cause,
    })
  }
}

/** Only what the network says. */
function reason(cause: unknown): string {
  const code = cause instanceof Error && 'code' in cause && typeof cause.code === 'string' ? cause.code : ''
  return /^E[A-Z]+$/.test(code) ? ` (${code})` : ''
}

function adminOf(connection: Connection): Admin {
  const query = async (sql: string, values: readonly (string | number)[] = []): Promise<unknown> => {
    const [result] = await connection.query(sql, [...values])
    return result
  }
  return {
    async run(sql, values) {
      await query(sql, values)
    },
    rows: async (schema, sql, values) => z.array(schema).parse(await query(sql, values)),
  }
}
