// Opens the database and hands out one repository a table. The only state that counts: everything else can be rebuilt from it.
import Database from 'better-sqlite3'
import { Kysely, SqliteDialect } from 'kysely'
import { Migrator } from 'kysely/migration'
import type { Clock } from '../lib/clock.ts'
import { accountsIn } from './accounts.ts'
import { acmeIn } from './acme.ts'
import { certificatesIn } from './certificates.ts'
import { consentsIn } from './consents.ts'
import { cronRunsIn } from './cron-runs.ts'
import { databasesIn } from './databases.ts'
import { domainsIn } from './domains.ts'
import { environmentIn } from './environment.ts'
import { expiryWarningsIn } from './expiry-warnings.ts'
import { grantsIn } from './grants.ts'
import { instancesIn } from './instances.ts'
import { jobsIn } from './jobs.ts'
import { keptNamesIn } from './kept-names.ts'
import { keysIn } from './keys.ts'
import { migrations } from './migrations.ts'
import { releasesIn } from './releases.ts'
import type { Tables } from './schema.ts'
import { sitePasswordsIn } from './site-passwords.ts'
import { sitesIn } from './sites.ts'
import { wantedNamesIn } from './wanted-names.ts'
import { workersIn } from './workers.ts'

export type Store = ReturnType<typeof repositoriesIn> & {
  /** Runs `work` in one transaction; its store must be used for everything inside. */
  transaction<T>(work: (store: Repositories) => Promise<T>): Promise<T>
  close(): Promise<void>
}

type Repositories = ReturnType<typeof repositoriesIn>

/** @param path a file, or ':memory:' in tests */
export async function openStore(path: string, clock: Clock): Promise<Store> {
  const db = new Kysely<Tables>({ dialect: new SqliteDialect({ database: openDatabase(path) }) })
  await migrate(db)
  return {
    ...repositoriesIn(db, clock),
    transaction: (work) => db.transaction().execute((transaction) => work(repositoriesIn(transaction, clock))),
    close: () => db.destroy(),
  }
}

/** A WAL database reopens at synchronous=NORMAL, which loses acknowledged commits in a power cut: set at every open. */
export function openDatabase(path: string): Database.Database {
  const sqlite = new Database(path)
  for (const pragma of ['journal_mode = WAL', 'synchronous = FULL', 'foreign_keys = ON', 'busy_timeout = 5000'])
    sqlite.pragma(pragma)
  return sqlite
}

function repositoriesIn(db: Kysely<Tables>, clock: Clock) {
  return {
    accounts: accountsIn(db, clock),
    keys: keysIn(db, clock),
    sites: sitesIn(db, clock),
    domains: domainsIn(db, clock),
    grants: grantsIn(db, clock),
    releases: releasesIn(db, clock),
    databases: databasesIn(db, clock),
    instances: instancesIn(db, clock),
    jobs: jobsIn(db, clock),
    environment: environmentIn(db, clock),
    workers: workersIn(db),
    cronRuns: cronRunsIn(db),
    certificates: certificatesIn(db, clock),
    wantedNames: wantedNamesIn(db, clock),
    acme: acmeIn(db, clock),
    consents: consentsIn(db, clock),
    keptNames: keptNamesIn(db, clock),
    sitePasswords: sitePasswordsIn(db, clock),
    expiryWarnings: expiryWarningsIn(db, clock),
  }
}

async function migrate(db: Kysely<Tables>): Promise<void> {
  const migrator = new Migrator({ db, provider: { getMigrations: () => Promise.resolve(migrations) } })
  const { error } = await migrator.migrateToLatest()
  if (error !== undefined) throw new Error('The database could not be brought to the current version', { cause: error })
}
