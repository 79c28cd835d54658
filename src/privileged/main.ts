// The process with root's rights of an installed system: started by systemd when the daemon first asks, ended when it has long been idle.
import { loadConfig } from '../config/load.ts'
import { createLog } from '../lib/log.ts'
import { createJailServer } from './jail/serve.ts'
import { createPerforming, findRights } from './perform.ts'
import { createPrivilegedServer } from './serve.ts'
import { storageContext } from './storage/context.ts'

/** sd_listen_fds(3) */
const firstSocket = 3
const idleMs = 5 * 60_000

const config = loadConfig({ flags: {}, env: process.env })
const log = createLog(config['log-level'])
process.umask(0o022)
const privileged = createPerforming(storageContext(config, await findRights()))
const server = createPrivilegedServer({
  privileged,
  jails: createJailServer(config),
  log,
  idle: { afterMs: idleMs, call: () => server.close(() => process.exit(0)) },
})
server.listen({ fd: firstSocket })
