// Every command there is, in the order in which help shows them.
import { accessAdd } from './access/access-add.ts'
import { accessRemove } from './access/access-remove.ts'
import { access } from './access/access.ts'
import { accountsAdd } from './accounts/accounts-add.ts'
import { accountsRemove } from './accounts/accounts-remove.ts'
import { contact } from './accounts/contact.ts'
import { accounts } from './accounts/accounts.ts'
import { certsCheck } from './certs/certs-check.ts'
import { certsRemove } from './certs/certs-remove.ts'
import { certsRenew } from './certs/certs-renew.ts'
import { certsRollover } from './certs/certs-rollover.ts'
import { certsUpload } from './certs/certs-upload.ts'
import { certs } from './certs/certs.ts'
import type { Command } from './command.ts'
import { dbAdmin } from './db/db-admin.ts'
import { cronRun } from './cron/cron-run.ts'
import { cron } from './cron/cron.ts'
import { dbCreate } from './db/db-create.ts'
import { dbDestroy } from './db/db-destroy.ts'
import { dbDump } from './db/db-dump.ts'
import { dbRestore } from './db/db-restore.ts'
import { dbRotate } from './db/db-rotate.ts'
import { db } from './db/db.ts'
import { domainsAdd } from './domains/domains-add.ts'
import { domainsAllow } from './domains/domains-allow.ts'
import { domainsDisallow } from './domains/domains-disallow.ts'
import { domainsPrimary } from './domains/domains-primary.ts'
import { domainsRemove } from './domains/domains-remove.ts'
import { domains } from './domains/domains.ts'
import { envSet } from './env/env-set.ts'
import { envUnset } from './env/env-unset.ts'
import { env } from './env/env.ts'
import { ca } from './general/ca.ts'
import { helpFor } from './general/help.ts'
import { version } from './general/version.ts'
import { whoami } from './general/whoami.ts'
import { keysAdd } from './keys/keys-add.ts'
import { keysRemove } from './keys/keys-remove.ts'
import { keys } from './keys/keys.ts'
import { logs } from './logs/logs.ts'
import { run } from './one-off/run.ts'
import { shell } from './one-off/shell.ts'
import { releases } from './releases/releases.ts'
import { rollback } from './releases/rollback.ts'
import { branch } from './sites/branch.ts'
import { create } from './sites/create.ts'
import { destroy } from './sites/destroy.ts'
import { info } from './sites/info.ts'
import { restart } from './sites/restart.ts'
import { sites } from './sites/sites.ts'
import { start } from './sites/start.ts'
import { stop } from './sites/stop.ts'
import { hstsOff, hstsOn } from './visitors/hsts.ts'
import { maintenanceOff, maintenanceOn } from './visitors/maintenance.ts'
import { protect } from './visitors/protect.ts'
import { unprotect } from './visitors/unprotect.ts'
import { storage } from './storage/storage.ts'

export const registry: readonly Command[] = [
  ...[sites, create, info, logs, start, stop, restart, run, shell, branch, destroy],
  ...[releases, rollback],
  ...[env, envSet, envUnset, storage, cron, cronRun],
  ...[db, dbAdmin, dbCreate, dbDump, dbRestore, dbRotate, dbDestroy],
  ...[domains, domainsAdd, domainsRemove, domainsPrimary, domainsAllow, domainsDisallow],
  ...[certs, certsUpload, certsCheck, certsRenew, certsRemove, certsRollover],
  ...[maintenanceOn, maintenanceOff, protect, unprotect, hstsOn, hstsOff],
  ...[access, accessAdd, accessRemove],
  ...[keys, keysAdd, keysRemove],
  ...[accounts, accountsAdd, accountsRemove, contact],
  ...[whoami, helpFor(() => registry), version, ca],
]
