// A new password, while the former one holds until nobody needs it any more. The row is changed first: a crash leaves two passwords, at
// least one of which the server knows, and the next start tells it both.
import { HostingError } from '../../errors/hosting-error.ts'
import type { Site } from '../../store/sites.ts'
import { setPasswords } from './accounts.ts'
import { accountOf, type Core, getRow } from './core.ts'
import { getReady } from './making.ts'
import { newPassword } from './names.ts'

export async function beginRotation(site: Site, core: Core): Promise<void> {
  const { store, sealing, clock, onStep } = core
  const row = await getReady(site, core)
  if (row.rotated_at !== null)
    throw new HostingError('busy', `Instances of ${site.name} still use the password before the last one`, {
      hint: `Try again when they have finished their requests, or replace them: restart ${site.name}`,
    })
  const rotated_at = clock.now().toISOString()
  // One that a rotation before could not take away is what this one is about.
  if (row.former_password !== null) {
    await store.databases.update(row.name, { rotated_at })
    return
  }
  const change = { password: sealing.seal(newPassword()), former_password: row.password, rotated_at }
  await store.databases.update(row.name, change)
  onStep?.('between:rotation')
  await writePasswords(site, core)
}

/** Goes back to the former password: the new one was given to nobody. */
export async function undoRotation(site: Site, core: Core): Promise<void> {
  const { name, former_password: former } = await getRow(site, core)
  if (former === null) return
  await core.store.databases.update(name, { password: former, former_password: null, rotated_at: null })
  await writePasswords(site, core)
}

/**
 * Takes the former password away, and gives it back where `works` fails then: what an instance proved before, it may have proved with the
 * former password, which a file of the application holds.
 */
export async function finishRotation(site: Site, works: () => Promise<void>, core: Core): Promise<void> {
  const row = await getRow(site, core)
  if (row.former_password === null) return
  const account = accountOf({ ...row, former_password: null }, core)
  await core.admin((connection) => setPasswords(connection, core.server, account))
  try {
    await works()
  } catch (cause) {
    await core.store.databases.update(row.name, { rotated_at: null })
    await writePasswords(site, core)
    throw stillUsed(site, cause)
  }
  await core.store.databases.update(row.name, { former_password: null, rotated_at: null })
}

async function writePasswords(site: Site, core: Core): Promise<void> {
  const account = accountOf(await getRow(site, core), core)
  await core.admin((connection) => setPasswords(connection, core.server, account))
}

function stillUsed({ name }: Site, cause: unknown): HostingError {
  return new HostingError('conflict', `${name} does not work without its former database password: both hold now`, {
    details: cause instanceof HostingError ? cause.details : [],
    hint: `A file of ${name} holds that password: make it read the variable DB_PASSWORD, deploy, then db:rotate ${name}`,
    cause,
  })
}
