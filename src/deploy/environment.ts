// The variables that a site's owner set: kept sealed, opened where an instance or a build is described.
import type { Site } from '../store/sites.ts'
import type { Store } from '../store/store.ts'
import type { Parts } from './parts.ts'

export type Environment = Readonly<Record<string, string>>

export async function environmentOf(
  site: Pick<Site, 'id'>,
  { store, sealing }: Pick<Parts, 'store' | 'sealing'>,
): Promise<Environment> {
  const variables = await store.environment.listOf(site.id)
  return Object.fromEntries(variables.map(({ name, sealed }) => [name, sealing.open(sealed)]))
}

/** Names whose values differ, sorted. */
export function changedNames(before: Environment, after: Environment): string[] {
  const names = new Set([...Object.keys(before), ...Object.keys(after)])
  return [...names].filter((name) => before[name] !== after[name]).sort()
}

/** Makes the stored variables those of `environment`; what is as it was keeps its time. In the caller's transaction. */
export async function storeEnvironment(
  site: Pick<Site, 'id'>,
  environment: Environment,
  { store, sealing }: { readonly store: Pick<Store, 'environment'> } & Pick<Parts, 'sealing'>,
): Promise<void> {
  const stored = await store.environment.listOf(site.id)
  const before = Object.fromEntries(stored.map(({ name, sealed }) => [name, sealing.open(sealed)]))
  for (const name of changedNames(before, environment)) {
    const value = environment[name]
    if (value === undefined) await store.environment.remove(site.id, name)
    else await store.environment.put(site.id, name, sealing.seal(value))
  }
}
