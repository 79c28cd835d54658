// One deploy a site at a time. A newer push takes the place of one that still waits; uploads wait until no push does; a command does not wait,
// it is told who is at it.
import { HostingError } from '../errors/hosting-error.ts'

export interface Slot {
  /** Lets the next one in. May be called more than once. */
  leave(): void
}

interface Waiting {
  enter(slot: Slot): void
  supersede(by: string): void
}

interface Line {
  /** What is being done, for those who are turned away: "the push of 3f2a91c by ann". */
  current: string
  waiting: { what: string; entry: Waiting } | undefined
  /** In the order in which they came. */
  readonly behind: { what: string; enter: Waiting['enter'] }[]
}

export class DeployQueue {
  readonly #lines = new Map<number, Line>()

  /**
   * Waits for the site's turn.
   * @param onWait called once when there is something to wait for
   * @throws HostingError superseded when a newer push came while this one waited
   */
  async enter(siteId: number, what: string, onWait: (current: string) => void): Promise<Slot> {
    const line = this.#lines.get(siteId)
    if (line === undefined) return this.#open(siteId, what)
    line.waiting?.entry.supersede(what)
    onWait(line.current)
    return await new Promise<Slot>((resolve, reject) => {
      line.waiting = { what, entry: { enter: resolve, supersede: (by) => reject(superseded(what, by)) } }
    })
  }

  /** The same for who takes nobody's place, and loses none. */
  async enterBehind(siteId: number, what: string, onWait: (current: string) => void): Promise<Slot> {
    const line = this.#lines.get(siteId)
    if (line === undefined) return this.#open(siteId, what)
    onWait(line.current)
    return await new Promise<Slot>((enter) => line.behind.push({ what, enter }))
  }

  /** @throws HostingError busy when something else is being done with the site */
  enterNow(site: { id: number; name: string }, what: string): Slot {
    const line = this.#lines.get(site.id)
    if (line === undefined) return this.#open(site.id, what)
    throw new HostingError('busy', `${site.name} is busy with ${line.current}`, {
      hint: 'Try again when that is done.',
    })
  }

  isBusy(siteId: number): boolean {
    return this.#lines.has(siteId)
  }

  #open(siteId: number, what: string): Slot {
    this.#lines.set(siteId, { current: what, waiting: undefined, behind: [] })
    return this.#slot(siteId)
  }

  #slot(siteId: number): Slot {
    let left = false
    return {
      leave: () => {
        if (left) return
        left = true
        this.#next(siteId)
      },
    }
  }

  #next(siteId: number): void {
    const line = this.#lines.get(siteId)
    const next = line?.waiting ? { what: line.waiting.what, ...line.waiting.entry } : line?.behind.shift()
    if (line === undefined || next === undefined) {
      this.#lines.delete(siteId)
      return
    }
    line.current = next.what
    line.waiting = undefined
    next.enter(this.#slot(siteId))
  }
}

function superseded(what: string, by: string): HostingError {
  return new HostingError('superseded', `While ${what} waited, ${by} took its place`, {
    hint: 'Nothing is lost: git pull --rebase, then push again if your commits are not in it.',
  })
}
