// The connections that have not logged in yet: so many in all, so many of one source. When it is full, the one that waits longest of the
// most crowded source has to go, not the newcomer: a login takes milliseconds, so an attacker who holds all places can't keep others out.
import { sourceOf } from '../../access/logins/source.ts'

interface Guest {
  readonly source: string
  readonly evict: () => void
}

export interface WaitingRoom {
  /** Takes a connection in; `evict` is called when it has to make place. Returns how to leave, or undefined when its source has its share already. */
  enter(address: string, evict: () => void): (() => void) | undefined
}

export function createWaitingRoom({
  places,
  placesPerSource,
}: {
  places: number
  placesPerSource: number
}): WaitingRoom {
  /** In order of arrival. */
  const guests = new Set<Guest>()
  return {
    enter(address, evict) {
      const source = sourceOf(address)
      if (countOf(guests, source) >= placesPerSource) return undefined
      if (guests.size >= places) makePlace(guests)
      const guest = { source, evict }
      guests.add(guest)
      return () => guests.delete(guest)
    },
  }
}

function makePlace(guests: Set<Guest>): void {
  const counts = Map.groupBy(guests, ({ source }) => source)
  const [longest] = [...counts.values()].reduce((most, some) => (some.length > most.length ? some : most), [])
  if (longest === undefined) return
  guests.delete(longest)
  longest.evict()
}

function countOf(guests: Set<Guest>, source: string): number {
  let count = 0
  for (const guest of guests) if (guest.source === source) count++
  return count
}
