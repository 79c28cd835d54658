// An uploaded certificate serves the names that its site gets later, too: nothing is ordered for those that it covers.
import { covers, domainNameSchema } from '../../names/domain-name.ts'
import type { Store } from '../../store/store.ts'
import { namesOf } from '../order-row.ts'

interface Looked {
  readonly siteId: number
  readonly name: string
  readonly now: Date
}

/** The one that is good for longest and was not given up. @returns its id */
export async function findCovering({ siteId, name, now }: Looked, store: Store): Promise<string | undefined> {
  const byHand = new Set(
    (await store.wantedNames.listOf(siteId)).flatMap((row) =>
      row.renew_at === null ? (row.certificate_id ?? []) : [],
    ),
  )
  const [found] = (await store.certificates.listOf(siteId))
    .filter(({ id, source, not_after }) => source === 'uploaded' && byHand.has(id) && not_after > now.toISOString())
    .filter((row) => isCovered(name, namesOf(row)))
    .toSorted((one, other) => other.not_after.localeCompare(one.not_after))
  return found?.id
}

/** By one of the names in a certificate; what else stands there (addresses, names with an underscore) covers nothing of ours. */
export function isCovered(name: string, names: readonly string[]): boolean {
  return names.some((each) => {
    const covering = domainNameSchema.safeParse(each)
    return covering.success && (each === name || covers(covering.data, name))
  })
}
