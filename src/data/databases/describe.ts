// What there is to tell of a database, but for its password.
import { z } from 'zod'
import type { Site } from '../../store/sites.ts'
import type { Core } from './core.ts'
import { getReady } from './making.ts'
import type { DatabaseInfo } from './types.ts'

const number = z.coerce.number()

export async function describeDatabase(site: Site, core: Core): Promise<DatabaseInfo> {
  const row = await getReady(site, core)
  const sizes = await core.admin((admin) =>
    admin.rows(
      z.object({ bytes: number, tables: number }),
      'SELECT COALESCE(SUM(DATA_LENGTH + INDEX_LENGTH), 0) AS bytes, COUNT(*) AS tables FROM information_schema.TABLES WHERE TABLE_SCHEMA = ?',
      [row.name],
    ),
  )
  const connections = await core.admin((admin) =>
    admin.rows(
      z.object({ count: number }),
      'SELECT COUNT(*) AS count FROM information_schema.PROCESSLIST WHERE USER = ?',
      [row.name],
    ),
  )
  return {
    ...{ name: row.name, user: row.name, ...core.server.address },
    ...{ sizeBytes: sizes[0]?.bytes ?? 0, tables: sizes[0]?.tables ?? 0, connections: connections[0]?.count ?? 0 },
    ...{ maxConnections: row.max_connections, createdAt: row.created_at },
  }
}
