// The platform's own names (that of phpMyAdmin): they belong to no site, and get certificates as sites' names do.
import type { CertParts } from './parts.ts'
import type { Certificates } from './types.ts'

/** @param forget what gives a name up */
export async function wantOwnNames(
  names: readonly string[],
  { store }: Pick<CertParts, 'store'>,
  forget: Certificates['forget'],
): Promise<void> {
  const known = (await store.wantedNames.ofPlatform()).map(({ name }) => name)
  for (const name of known) if (!names.includes(name)) await forget(name)
  for (const name of names.filter((each) => !known.includes(each))) {
    // Of a site that had the name before it was the platform's.
    await store.wantedNames.remove(name)
    await store.wantedNames.add(name, null)
  }
}
