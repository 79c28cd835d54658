// Wires the parts together and starts them, each only when what it needs is there; stops them in reverse.
import { open, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { ensureFirstAdmin } from './access/first-admin.ts'
import { type Defence, openLogins } from './access/logins/open.ts'
import { renderBanner } from './banner.ts'
import { createCommandRunner } from './commands/run.ts'
import type { Config } from './config/load.ts'
import { ensureSealingKey } from './config/sealing-key.ts'
import { createCertificates } from './certs/certificates.ts'
import { findTrialAuthority } from './certs/local-ca/authority.ts'
import { checkCertificateSettings } from './certs/settings.ts'
import type { LocalAuthority } from './certs/types.ts'
import { watchExpiry } from './certs/upload/warn.ts'
import { createDatabases } from './data/databases/databases.ts'
import { createMail } from './data/mail/mail.ts'
import type { WriteMail } from './data/mail/platform-mail.ts'
import { createStorages } from './data/storage/storages.ts'
import { createBackground } from './deploy/background.ts'
import { createDeployments } from './deploy/deployments.ts'
import { uidOf } from './deploy/instances.ts'
import { mailNotes } from './deploy/mail-log.ts'
import { faultFrom } from './deploy/fault.ts'
import type { Parts } from './deploy/parts.ts'
import { watchLargeFiles } from './deploy/large-files.ts'
import { createProcesses } from './deploy/processes/processes.ts'
import { recover } from './deploy/recover.ts'
import { createWaker } from './deploy/waker.ts'
import { findEdgeUser } from './edge/edge-user.ts'
import { createEdge } from './edge/nginx.ts'
import { startWakeServer } from './edge/wake.ts'
import { HostingError } from './errors/hosting-error.ts'
import { createGitDoor } from './gateway/git-door.ts'
import { createHandlers } from './gateway/handlers.ts'
import { startGitHost } from './gateway/https/git-host.ts'
import { createLfsPasses } from './gateway/https/lfs-passes.ts'
import { authenticateLfs } from './gateway/lfs-authenticate.ts'
import { startLocalDoor } from './gateway/local/door.ts'
import { createSftpDoor } from './gateway/sftp/door.ts'
import { startSshDoor } from './gateway/ssh/door.ts'
import { ensureHostKeys } from './gateway/ssh/host-keys.ts'
import { createLfsObjects } from './git/lfs/objects.ts'
import { servePack } from './git/serve.ts'
import { systemClock } from './lib/clock.ts'
import { absentAsUndefined, ensureDirectory, writeFileAtomic } from './lib/files.ts'
import { createLog } from './lib/log.ts'
import { createSealing } from './lib/sealing.ts'
import { createJailer, type Jailer } from './privileged/jail/jailer.ts'
import { createPhpMyAdmin } from './phpmyadmin/phpmyadmin.ts'
import { createDockerRuntime } from './runtime/docker/docker-runtime.ts'
import { openStore } from './store/store.ts'
import { allUploadTroubles } from './uploads/standing.ts'
import { AccountUploads } from './uploads/uploads.ts'
import { withPorts } from './ports.ts'

export interface Platform {
  /** Tells whoever waits that the platform serves; from then on they may stop it by a signal. */
  announce(): Promise<void>
  stop(): Promise<void>
}

const buildpacksDirectory = fileURLToPath(new URL('../buildpacks', import.meta.url))

/** @param say prints a line to whoever started the platform */
export async function startPlatform(given: Config, say: (line: string) => void): Promise<Platform> {
  await using started = new AsyncDisposableStack()
  const config = await withPorts(given)
  const { home } = config
  const log = createLog(config['log-level'])
  const clock = systemClock
  process.umask(0o022)
  await makeHome(config)

  const store = await openStore(home.database, clock)
  started.defer(() => store.close())
  const admin = await ensureFirstAdmin({ store, keys: await adminKeys(config), name: 'admin' })

  const runtime = createDockerRuntime({ homeId: home.id, buildpacksDirectory, log })
  started.defer(() => runtime.close())
  const trial = findTrialAuthority(config, clock)
  const parts = await makeParts({ config, store, runtime, clock, log }, trial)
  const { edge, certificates, databases, storages, processes, mail, background } = parts
  const defence = await openLogins({ store, clock, log })
  const jailer = await createJailer(config)
  const services = servicesOf(parts, { ...defence, jailer })
  const { handlers, uploads } = services

  // The first thing that is opened: it fails if another platform has this home.
  const local = await startLocalDoor({ path: home.controlSocket, handlers, store, log })
  started.defer(() => local.close())
  await runtime.ensureImages(say)
  // Deferred before the instances' end, so done after it: they finish their requests first.
  started.defer(() => databases.stop())
  started.defer(() => storages.close())
  started.defer(() => endInstances(parts))
  await edge.start()
  started.defer(() => edge.stop())
  mail.start()
  started.defer(() => mail.stop())
  await databases.start()
  await recover(parts)
  // Before the edge's end, which it makes handshakes with.
  started.defer(() => certificates.stop())
  await certificates.start()
  keepWatch(parts)
  await startHosts(started, services)
  await processes.start(parts)
  started.defer(() => uploads.stop())
  background.run('commit what was uploaded before', () => uploads.recover())
  const wake = await startWakeServer({ path: home.wakeSocket, waker: createWaker(parts), log })
  started.defer(() => wake.close())
  const hostKeys = await ensureHostKeys(home)
  const ssh = await startSshDoor({ ...defence, config, store, handlers, log, clock, hostKeys })
  started.defer(() => ssh.close())
  // First to go: what is under way learns that it has to end.
  started.defer(() => background.stop())

  const ports = { ...config, 'ssh-port': ssh.port }
  const caPath = (await trial?.ensure())?.path
  const banner = renderBanner(ports, { hasAdmin: admin !== undefined, caPath })
  for (const line of [storages.warning ?? [], banner].flat()) say(line)
  const running = started.move()
  return { announce: () => announce(ports), stop: () => running.disposeAsync() }
}

/** What comes with time. */
function keepWatch(parts: Parts): void {
  const { background, mail } = parts
  background.run('warn of certificates that end', (signal) =>
    watchExpiry({ ...parts, notify: (notice) => mail.write(notice) }, signal),
  )
  background.run('remove large files that nothing needs', (signal) => watchLargeFiles(parts, signal))
}

/** The platform's own host names. */
async function startHosts(
  started: AsyncDisposableStack,
  { phpMyAdmin, openGitHost, certificates }: ReturnType<typeof servicesOf>,
): Promise<void> {
  started.defer(() => phpMyAdmin.stop())
  const databaseAdmin = await phpMyAdmin.start()
  const git = await openGitHost()
  started.defer(() => git.close())
  await certificates.wantOwn([databaseAdmin, git.host].filter((host) => host !== undefined))
}

/** How certificates get to the edge. */
async function edgeFor(config: Config) {
  return {
    door: { host: '127.0.0.1', port: config['https-port'] },
    groupId: (await findEdgeUser(config['edge-user']))?.gid,
  }
}

/** What works with each other, made and not yet started. */
async function makeParts(
  base: Pick<Parts, 'config' | 'store' | 'runtime' | 'clock' | 'log'>,
  trial?: LocalAuthority,
): Promise<Parts> {
  const { config, store, runtime, clock, log } = base
  checkCertificateSettings(config)
  const sealing = createSealing(await ensureSealingKey(config.home))
  const fault = faultFrom(process.env)
  const databases = createDatabases({ config, store, runtime, sealing, clock, log, uidOf, ...fault })
  const storages = await createStorages(config)
  const mail = await createMail({ config, store, clock, log, note: mailNotes(config, clock) })
  const edge = createEdge({ config, clock, log })
  const certificates = createCertificates({
    ...{ config, store, sealing, clock, log, ...fault },
    ...{ ...(await edgeFor(config)), tls: edge.tls, local: trial },
  })
  const background = createBackground(log)
  const processes = createProcesses()
  const lfs = createLfsObjects({ config, store, ...fault })
  return { ...base, edge, certificates, databases, storages, processes, lfs, mail, sealing, background, ...fault }
}

/** What doors and commands call, and how doors do. */
function servicesOf(parts: Parts, { logins, loginTroubles, jailer }: Defence & { readonly jailer: Jailer }) {
  const { config, store, runtime, certificates, databases, storages, clock, log } = parts
  const deployments = createDeployments(parts)
  const phpMyAdmin = createPhpMyAdmin(parts)
  const services = {
    config,
    store,
    runtime,
    deployments,
    certificates,
    databases,
    phpMyAdmin,
    loginTroubles,
    lfs: parts.lfs,
    storages,
    jailer,
    clock,
    log,
  }
  const passes = createLfsPasses(clock)
  const git = createGitDoor({ ...services, servePack })
  const writeMail: WriteMail = (mail) => parts.mail.write(mail)
  const uploads = new AccountUploads({
    config,
    store,
    deployments,
    lfs: parts.lfs,
    recheck: (credential) => logins.recheck(credential),
    storages,
    jailer,
    clock,
    log,
    writeMail,
    ...(parts.onStep && { onStep: parts.onStep }),
  })
  const handlers = createHandlers({
    runCommand: createCommandRunner(services),
    git,
    troubles: ({ account }) => allUploadTroubles(account, { config, store }),
    copy: createSftpDoor({ uploads, jailer, log, baseDomain: config['base-domain'] }),
    lfs: (request, words) => authenticateLfs(request, words, { config, store, passes }),
    log,
  })
  const openGitHost = () => startGitHost(parts, { ...services, git, logins, passes })
  return { handlers, phpMyAdmin, openGitHost, uploads, certificates }
}

/** For whoever waits until the platform serves. */
async function announce(config: Config): Promise<void> {
  const ready = {
    pid: process.pid,
    httpPort: config['http-port'],
    httpsPort: config['https-port'],
    sshPort: config['ssh-port'],
  }
  await writeFileAtomic(join(config.home.run, 'ready.json'), JSON.stringify(ready))
}

async function makeHome({ home }: Config): Promise<void> {
  await ensureDirectory(home.root, 0o711)
  for (const path of [home.repositories, home.keys, home.uploads]) await ensureDirectory(path, 0o700)
  // Made here with its mode: SQLite gives the files beside it the same.
  await (await open(home.database, 'a', 0o600)).close()
}

async function adminKeys(config: Config): Promise<string[]> {
  const path = config['admin-keys']
  if (path === '') return []
  const text = await absentAsUndefined(readFile(path, 'utf8'))
  if (text !== undefined) return [text]
  throw new HostingError('invalid-config', `admin-keys names ${path}, and there is no such file`, {
    hint: 'Correct the path, or leave admin-keys out.',
  })
}

/** A trial run ends with its sites; an installed platform's sites go on while it is stopped. */
async function endInstances({ config, runtime }: Parts): Promise<void> {
  if (!config.standalone) return
  await Promise.all((await runtime.list()).map(({ id }) => runtime.remove(id)))
}
