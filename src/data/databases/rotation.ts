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
  if (row.former_password !== null)
    throw new HostingError('busy', `Instances of ${site.name} still use the password before the last one`, {
      hint: `Try again when they have finished their requests, or replace them: restart ${site.name}`,
    })
  await store.databases.update(row.name, {
    password: sealing.seal(newPassword()),
    former_password: row.password,
    rotated_at: clock.now().toISOString(),
  })
  onStep?.('between:rotation')
  await writePasswords(site, core)
}

/** Takes the former password away, or the new one. */
export async function endRotation(site: Site, outcome: 'keep-new' | 'undo', core: Core): Promise<void> {
  const row = await getRow(site, core)
  if (row.former_password === null) return
  const password = outcome === 'keep-new' ? row.password : row.former_password
  await core.store.databases.update(row.name, { password, former_password: null, rotated_at: null })
  await writePasswords(site, core)
}

async function writePasswords(site: Site, core: Core): Promise<void> {
  const account = accountOf(await getRow(site, core), core)
  await core.admin((connection) => setPasswords(connection, core.server, account))
}
