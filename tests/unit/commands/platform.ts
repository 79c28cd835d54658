// A platform without containers: a real store and real files, and plain objects in place of the runtime and the deployments.
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { PassThrough } from 'node:stream'
import { createLfsObjects } from '../../../src/git/lfs/objects.ts'
import { openLogins } from '../../../src/access/logins/open.ts'
import type { Scope } from '../../../src/access/authorize.ts'
import { createSite } from '../../../src/access/sites.ts'
import { noCertificates } from '../../../src/certs/no-certificates.ts'
import type { Certificates } from '../../../src/certs/types.ts'
import { createCommandRunner } from '../../../src/commands/run.ts'
import type { CommandRequest, Services } from '../../../src/commands/types.ts'
import { loadConfig } from '../../../src/config/load.ts'
import { environmentOf } from '../../../src/deploy/environment.ts'
import type { DatabaseRow } from '../../../src/store/databases.ts'
import type { Databases } from '../../../src/data/databases/types.ts'
import type { Deployments } from '../../../src/deploy/types.ts'
import { type Clock, systemClock } from '../../../src/lib/clock.ts'
import { createSealing, sealingKeyBytes } from '../../../src/lib/sealing.ts'
import { silentLog } from '../../../src/lib/log.ts'
import { parseHostName } from '../../../src/names/host-name.ts'
import type { Runtime } from '../../../src/runtime/runtime.ts'
import type { NewRelease } from '../../../src/store/releases.ts'
import type { Role } from '../../../src/store/schema.ts'
import { openStore } from '../../../src/store/store.ts'

/** Ten times as fast, where something is polled. */
const hastyClock: Clock = {
  now: () => new Date(),
  sleep: (ms, signal) => systemClock.sleep(ms / 10, signal),
}

const absent = () => Promise.reject(new Error('not to be called in this test'))

const idleRuntime: Runtime = {
  ensureImages: absent,
  ensureImage: absent,
  start: absent,
  assign: absent,
  wake: absent,
  stop: absent,
  remove: absent,
  forgetSite: absent,
  status: () => Promise.resolve('running'),
  list: () => Promise.resolve([]),
  async *logs() {},
  build: absent,
  ensureService: absent,
  removeService: absent,
  serviceEnded: absent,
  runTool: absent,
  startProgram: absent,
  async *events() {},
  close: () => Promise.resolve(),
}

const database: DatabaseRow = {
  ...{ name: 'demo_abc123', site_id: 1, state: 'ready', password: '', former_password: null, rotated_at: null },
  ...{ max_connections: 20, restore_id: null, restore_step: null, created_at: '2026-01-02T03:04:05.000Z' },
}

const idleDatabases: Databases = {
  start: absent,
  stop: absent,
  get: () => Promise.resolve(database),
  ensure: absent,
  surroundings: absent,
  describe: ({ name }) =>
    Promise.resolve({
      ...{ name: database.name, user: database.name, host: 'localhost', port: null, socket: '/run/mysqld/mysqld.sock' },
      ...{
        sizeBytes: 123_456,
        tables: name.length,
        connections: 2,
        maxConnections: 20,
        createdAt: database.created_at,
      },
    }),
  password: () => Promise.resolve('secret'),
  remove: absent,
  removeLeftovers: absent,
  beginRotation: absent,
  undoRotation: absent,
  finishRotation: absent,
  rotations: absent,
  dump: () => Promise.resolve(),
  restore: absent,
  open: () => Promise.resolve(0),
}

export interface Answer {
  readonly code: number
  readonly out: string
  readonly err: string
}

export type Visit = Partial<Omit<CommandRequest, 'account' | 'stdin'>> & {
  readonly input?: string
  /** Came with an app token. */
  readonly scope?: Scope
}

export type Platform = Awaited<ReturnType<typeof createPlatform>>

/** Dispose of it with `await using`. */
export async function createPlatform(
  replaced: {
    runtime?: Partial<Runtime>
    deployments?: Partial<Deployments>
    databases?: Partial<Databases>
    certificates?: Partial<Certificates>
    clock?: Clock
    flags?: Readonly<Record<string, string>>
  } = {},
) {
  const root = await mkdtemp(join(tmpdir(), 'hosting-commands-'))
  const store = await openStore(':memory:', systemClock)
  const sealing = createSealing(new Uint8Array(sealingKeyBytes))
  const calls: string[] = []
  const called = (name: string) => (site: { name: string }) => {
    calls.push(`${name} ${site.name}`)
    return Promise.resolve()
  }
  const config = loadConfig({ flags: { home: root, ...replaced.flags }, env: {} })
  const services: Services = {
    config,
    store,
    runtime: { ...idleRuntime, ...replaced.runtime },
    deployments: {
      push: () => {
        throw new Error('not to be called in this test')
      },
      expectPush: () => undefined,
      rollback: absent,
      environment: (site) => environmentOf(site, { store, sealing }),
      changeEnvironment: absent,
      createDatabase: () => Promise.resolve(true),
      rotateDatabase: called('rotateDatabase'),
      removeDatabase: called('removeDatabase'),
      restoreDatabase: () => Promise.resolve({ tables: 1 }),
      surveyStorage: () => Promise.resolve(undefined),
      surveyProcesses: () => Promise.resolve({ workers: [], cron: [] }),
      runCron: absent,
      runOneOff: absent,
      start: called('start'),
      stop: called('stop'),
      restart: called('restart'),
      destroy: called('destroy'),
      routeDomains: called('routeDomains'),
      ...replaced.deployments,
    },
    certificates: { ...noCertificates, ...replaced.certificates },
    databases: { ...idleDatabases, ...replaced.databases },
    phpMyAdmin: {
      invite: ({ name }) =>
        Promise.resolve({
          url: `http://db.localhost/${name}/?ticket=secret`,
          others: [],
          expiresAt: new Date('2026-01-02T03:06:05Z'),
        }),
    },
    lfs: createLfsObjects({ config, store }),
    storages: { ensure: absent },
    jailer: { readsStorage: true, start: absent },
    loginTroubles: (await openLogins({ store, clock: systemClock, log: silentLog })).loginTroubles,
    clock: replaced.clock ?? hastyClock,
    log: silentLog,
  }
  const run = createCommandRunner(services)

  async function account(name: string, role: Role = name === 'root' ? 'admin' : 'user') {
    return (await store.accounts.find(name)) ?? (await store.accounts.add(name, role))
  }

  return {
    ...services,
    root,
    sealing,
    calls,
    account,
    async site(name: string, owner: string) {
      const { config } = services
      return await createSite({ store, config, account: await account(owner), name: parseHostName(name) })
    },
    async release(siteId: number, release: Partial<NewRelease> = {}) {
      const id = `release${String(Math.random()).slice(2, 11)}`
      return await store.releases.add({
        ...{
          id,
          site_id: siteId,
          commit: 'c0ffee'.padEnd(40, '0'),
          subject: 'Say hello',
          account_id: null,
          directory: id,
        },
        ...release,
      })
    },
    /** Runs words as an account (an admin named root, if left out) to their end. */
    async run(words: string, visit: Visit & { as?: string } = {}): Promise<Answer> {
      const { as = 'root', input = '', scope, ...rest } = visit
      const streams = { stdin: new PassThrough(), stdout: new PassThrough(), stderr: new PassThrough() }
      const [out, err] = [collect(streams.stdout), collect(streams.stderr)]
      streams.stdin.end(input)
      const visitor = { ...(await account(as)), ...(scope === undefined ? {} : { scope }) }
      const gone = new AbortController().signal
      const split = words === '' ? [] : words.split(' ')
      const code = await run({ account: visitor, door: 'ssh', gone, ...streams, ...rest }, split)
      return { code, out: out(), err: err() }
    },
    runner: run,
    async [Symbol.asyncDispose]() {
      await store.close()
      await rm(root, { recursive: true, force: true })
    },
  }
}

export const terminal = { columns: 80, rows: 24 }

/** What was written until now. */
export function collect(stream: PassThrough): () => string {
  const chunks: Buffer[] = []
  return () => {
    for (let chunk: unknown = stream.read(); chunk !== null; chunk = stream.read()) chunks.push(chunk as Buffer)
    return Buffer.concat(chunks).toString('utf8')
  }
}
