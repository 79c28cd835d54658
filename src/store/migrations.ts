// The tables' history. A migration that has been released is never changed; a new one is added below.
import { type Kysely, sql } from 'kysely'
import type { Migration } from 'kysely/migration'

const first: Migration = {
  async up(db: Kysely<unknown>): Promise<void> {
    for (const statement of [
      `CREATE TABLE accounts (
         id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE, role TEXT NOT NULL CHECK (role IN ('admin','user')), created_at TEXT NOT NULL) STRICT`,
      `CREATE TABLE keys (
         fingerprint TEXT PRIMARY KEY, account_id INTEGER NOT NULL REFERENCES accounts ON DELETE CASCADE,
         public_key TEXT NOT NULL, comment TEXT NOT NULL, created_at TEXT NOT NULL, last_used_at TEXT) STRICT`,
      // AUTOINCREMENT: a site's uid comes from its id, so an id must never be given out twice.
      `CREATE TABLE sites (
         id INTEGER PRIMARY KEY AUTOINCREMENT, name TEXT NOT NULL UNIQUE, owner_id INTEGER NOT NULL REFERENCES accounts,
         branch TEXT NOT NULL, state TEXT NOT NULL CHECK (state IN ('running','stopped')),
         live_release_id TEXT REFERENCES releases ON DELETE SET NULL, live_instance_id TEXT, created_at TEXT NOT NULL) STRICT`,
      `CREATE INDEX sites_owner ON sites (owner_id)`,
      `CREATE TABLE domains (
         name TEXT PRIMARY KEY, site_id INTEGER NOT NULL REFERENCES sites ON DELETE CASCADE, created_at TEXT NOT NULL) STRICT`,
      `CREATE INDEX domains_site ON domains (site_id)`,
      `CREATE TABLE grants (
         site_id INTEGER NOT NULL REFERENCES sites ON DELETE CASCADE, account_id INTEGER NOT NULL REFERENCES accounts ON DELETE CASCADE,
         role TEXT NOT NULL CHECK (role IN ('read','write')), created_at TEXT NOT NULL, PRIMARY KEY (site_id, account_id)) STRICT`,
      `CREATE INDEX grants_account ON grants (account_id)`,
      `CREATE TABLE releases (
         id TEXT PRIMARY KEY, site_id INTEGER NOT NULL REFERENCES sites ON DELETE CASCADE, number INTEGER NOT NULL,
         "commit" TEXT NOT NULL, subject TEXT NOT NULL, buildpack TEXT, account_id INTEGER REFERENCES accounts ON DELETE SET NULL,
         state TEXT NOT NULL CHECK (state IN ('preparing','proven','live','retired','removed','failed')), reason TEXT, directory TEXT NOT NULL,
         rollback_of INTEGER, timings TEXT NOT NULL DEFAULT '{}', created_at TEXT NOT NULL, live_at TEXT, UNIQUE (site_id, number)) STRICT`,
      `CREATE TABLE instances (
         id TEXT PRIMARY KEY, site_id INTEGER NOT NULL REFERENCES sites ON DELETE CASCADE,
         release_id TEXT NOT NULL REFERENCES releases ON DELETE CASCADE,
         state TEXT NOT NULL CHECK (state IN ('starting','live','draining')), created_at TEXT NOT NULL) STRICT`,
      `CREATE INDEX instances_site ON instances (site_id)`,
      `CREATE TABLE jobs (
         id TEXT PRIMARY KEY, site_id INTEGER NOT NULL REFERENCES sites ON DELETE CASCADE, kind TEXT NOT NULL, step TEXT NOT NULL,
         release_id TEXT NOT NULL REFERENCES releases ON DELETE CASCADE, instance_id TEXT, git_pid INTEGER, created_at TEXT NOT NULL) STRICT`,
    ]) {
      await sql.raw(statement).execute(db)
    }
  },
}

const environment: Migration = {
  async up(db: Kysely<unknown>): Promise<void> {
    await sql
      .raw(
        `CREATE TABLE environment (
           site_id INTEGER NOT NULL REFERENCES sites ON DELETE CASCADE, name TEXT NOT NULL, sealed TEXT NOT NULL,
           updated_at TEXT NOT NULL, PRIMARY KEY (site_id, name)) STRICT`,
      )
      .execute(db)
  },
}

const databases: Migration = {
  async up(db: Kysely<unknown>): Promise<void> {
    // SET NULL: what a site leaves behind on the server has to be removed there, so its row outlives the site's.
    await sql
      .raw(
        `CREATE TABLE databases (
           name TEXT PRIMARY KEY, site_id INTEGER UNIQUE REFERENCES sites ON DELETE SET NULL,
           state TEXT NOT NULL CHECK (state IN ('making','ready')), password TEXT NOT NULL, former_password TEXT, rotated_at TEXT,
           max_connections INTEGER NOT NULL, restore_id TEXT, restore_step TEXT CHECK (restore_step IN ('loading','swapping')),
           created_at TEXT NOT NULL) STRICT`,
      )
      .execute(db)
  },
}

const processes: Migration = {
  async up(db: Kysely<unknown>): Promise<void> {
    for (const statement of [
      `CREATE TABLE workers (
         id TEXT PRIMARY KEY, site_id INTEGER NOT NULL REFERENCES sites ON DELETE CASCADE, name TEXT NOT NULL, instance_id TEXT NOT NULL,
         started_at TEXT, ended_at TEXT, exit_code INTEGER, failures INTEGER NOT NULL, next_at TEXT, UNIQUE (site_id, name)) STRICT`,
      `CREATE TABLE cron_runs (
         site_id INTEGER NOT NULL REFERENCES sites ON DELETE CASCADE, schedule TEXT NOT NULL, command TEXT NOT NULL, started_at TEXT NOT NULL,
         ended_at TEXT, result TEXT CHECK (result IN ('done','failed','timeout','interrupted','not-started')), exit_code INTEGER,
         PRIMARY KEY (site_id, schedule, command)) STRICT`,
    ]) {
      await sql.raw(statement).execute(db)
    }
  },
}

export const migrations: Record<string, Migration> = {
  '001-first': first,
  '002-environment': environment,
  '003-databases': databases,
  '004-processes': processes,
}
