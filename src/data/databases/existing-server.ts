// A MariaDB or MySQL server that is there already, named by the platform's configuration.
import { readFile } from 'node:fs/promises'
import { isIP } from 'node:net'
import type { SslOptions } from 'mysql2'
import type { Config } from '../../config/load.ts'
import { HostingError } from '../../errors/hosting-error.ts'
import type { Log } from '../../lib/log.ts'
import type { Mount } from '../../runtime/runtime.ts'
import { logUnavailable, withAdmin } from './admin.ts'
import type { DatabaseServer } from './server.ts'

const caInContainers = '/etc/mysql/ca.pem'

export function createExistingServer(config: Config, log: Log): DatabaseServer {
  const host = config['database-host']
  const port = config['database-port']
  const adminConnection = async () => {
    const ssl = await tlsOf(config)
    return {
      host,
      port,
      user: config['database-user'],
      password: await readSetting(config, 'database-password-file'),
      ...(ssl === undefined ? {} : { ssl }),
    }
  }
  return {
    async ensure() {
      await withAdmin(await adminConnection(), (admin) => admin.run('SELECT 1')).catch((error: unknown) =>
        logUnavailable(error, log),
      )
    },
    keep: () => undefined,
    stop: () => Promise.resolve(),
    adminConnection,
    address: { host, port, socket: null },
    accountHost: '%',
    requireTls: config['database-tls'],
    client: {
      arguments: [`--host=${host}`, `--port=${port}`, '--protocol=tcp', ...tlsArguments(config)],
      mounts: caMounts(config),
      network: 'outbound',
    },
  }
}

async function tlsOf(config: Config): Promise<SslOptions | undefined> {
  if (!config['database-tls']) return undefined
  const isAddress = isIP(config['database-host']) !== 0
  const hasOwnCa = config['database-ca'] !== ''
  if (isAddress && !hasOwnCa) throw addressNeedsCa(config)
  const ca = hasOwnCa ? { ca: await readSetting(config, 'database-ca') } : {}
  // mysql2 compares names only: for an address every certificate by that authority counts, which therefore has to be one's own.
  return { rejectUnauthorized: true, verifyIdentity: !isAddress, ...ca }
}

function addressNeedsCa(config: Config): HostingError {
  return new HostingError(
    'invalid-config',
    `database-host is an address, ${config['database-host']}, which has no name`,
    {
      hint: 'Give its name, or in database-ca the certificates by which it is known, or say database-tls = false.',
    },
  )
}

function tlsArguments(config: Config): string[] {
  if (!config['database-tls']) return ['--skip-ssl']
  const ca = config['database-ca'] === '' ? '/etc/ssl/certs/ca-certificates.crt' : caInContainers
  return ['--ssl', '--ssl-verify-server-cert', `--ssl-ca=${ca}`]
}

function caMounts(config: Config): Mount[] {
  const source = config['database-ca']
  return source === '' || !config['database-tls'] ? [] : [{ source, target: caInContainers, access: 'ro' }]
}

async function readSetting(config: Config, key: 'database-password-file' | 'database-ca'): Promise<string> {
  try {
    return (await readFile(config[key], 'utf8')).replace(/\r?\n$/, '')
  } catch (cause) {
    throw new HostingError('invalid-config', `${key} names ${config[key] || 'no file'}, which can't be read`, {
      hint: 'docs/databases.md says what an existing server needs.',
      cause,
    })
  }
}
