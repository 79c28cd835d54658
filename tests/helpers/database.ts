// The database of a site as its application sees it: through the socket, with the credentials that the platform gave out.
import { join } from 'node:path'
import { type Connection, createConnection } from 'mysql2/promise'
import { z } from 'zod'
import type { Platform } from './platform.ts'

const infoSchema = z.object({
  name: z.string(),
  user: z.string(),
  password: z.string(),
  tables: z.number(),
  sizeBytes: z.number(),
  connections: z.number(),
  maxConnections: z.number(),
})
export type Credentials = z.infer<typeof infoSchema>

export async function credentialsOf(platform: Platform, site: string): Promise<Credentials> {
  return infoSchema.parse(await platform.admin.json(`db ${site} --reveal`))
}

export function socketOf({ home }: Pick<Platform, 'home'>): string {
  return join(home.link, 'databases/mariadb/run/mysqld.sock')
}

export async function connectAs(platform: Platform, { user, password, name }: Credentials): Promise<Connection> {
  return await createConnection({
    ...{ socketPath: socketOf(platform), user, password, database: name, charset: 'utf8mb4' },
    multipleStatements: true,
  })
}

/** Runs statements over a connection of their own. @returns the rows of the last one, as arrays */
export async function query(platform: Platform, as: Credentials, sql: string): Promise<unknown[][]> {
  const connection = await connectAs(platform, as)
  try {
    const [rows] = await connection.query({ sql, rowsAsArray: true })
    return z.array(z.array(z.unknown())).catch([]).parse(rows)
  } finally {
    await connection.end()
  }
}
