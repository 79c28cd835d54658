// What env:set and env:unset say when they are done. Never a value.
import { renderAddresses } from '../../deploy/site-address.ts'
import type { ChangedEnvironment } from '../../deploy/operations/environment.ts'
import type { SiteContext } from '../command.ts'
import { done } from '../output/outcome.ts'
import type { Outcome } from '../types.ts'

export async function changed(
  { site, store, config }: SiteContext,
  { changed: names, release }: ChangedEnvironment,
): Promise<Outcome> {
  const data = { changed: names, number: release?.number ?? null }
  if (names.length === 0) return done(data, `Nothing to change: ${site.name} has these values already`)
  const list = names.join(', ')
  if (release === undefined) return done(data, `Changed ${list}: the first release will have it`)
  if (site.state === 'stopped')
    return done(data, `Changed ${list}, as release #${release.number}`, [`start ${site.name}   lets it serve again.`])
  return done(
    data,
    `Changed ${list}, live as release #${release.number}: ${await renderAddresses(site, { store, config })}`,
  )
}
