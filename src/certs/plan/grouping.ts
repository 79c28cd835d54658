// Which names share a certificate. Never those of two sites: a visitor of one would read the names of the other. Pure.

export interface Groupable {
  readonly name: string
  readonly siteId: number | null
  readonly certificateId: string | null
  /** Its validation failed lately: alone it can hold up nobody else. */
  readonly apart: boolean
}

/** The most that Let's Encrypt puts into one certificate. */
export const mostNames = 100

/**
 * Renewed together is what has a certificate together; new names of a site share one when they were registered together
 * (`example.org` and `www.example.org`, whose owner and fate are the same).
 */
export function groupNames<Name extends Groupable>(
  names: readonly Name[],
  registeredDomainOf: (name: string) => string,
): Name[][] {
  const groups = Map.groupBy(names, (each) => keyOf(each, registeredDomainOf))
  return [...groups.values()].flatMap(inPortions)
}

function keyOf({ name, siteId, certificateId, apart }: Groupable, registeredDomainOf: (name: string) => string) {
  if (apart) return `apart ${name}`
  return certificateId === null ? `new ${siteId} ${registeredDomainOf(name)}` : `renewal ${certificateId}`
}

function inPortions<Name>(group: readonly Name[]): Name[][] {
  const starts = Array.from({ length: Math.ceil(group.length / mostNames) }, (_, index) => index * mostNames)
  return starts.map((start) => group.slice(start, start + mostNames))
}
