// Mail of sites: taken by a socket a site, counted, given an envelope of ours, and handed to the relay while the application waits, so
// that what its mail() returns is true. Nothing is kept or tried again here.
import type { Socket } from 'node:net'
import type { Config } from '../../config/load.ts'
import type { Clock } from '../../lib/clock.ts'
import type { Log } from '../../lib/log.ts'
import type { Site } from '../../store/sites.ts'
import type { Store } from '../../store/store.ts'
import { createAllowance } from './allowance.ts'
import { createCorrespondent } from './correspondent.ts'
import { createDoors } from './doors.ts'
import { createPlatformMail, type WriteMail } from './platform-mail.ts'
import { createReceiver } from './receiver.ts'
import { createRelay } from './relay.ts'

type Sender = Pick<Site, 'id' | 'name'>

export interface Mail {
  /** Begins to listen again for sites that may have instances; with thousands of sites that takes seconds, which nobody has to wait for. */
  start(): void
  /** @returns the directory to be mounted at /run/mail */
  ensure(site: Sender): Promise<string>
  /** Of a site that is gone. */
  remove(siteId: number): Promise<void>
  /** Of the platform itself, to a person. */
  readonly write: WriteMail
  stop(): Promise<void>
}

export interface MailParts {
  readonly config: Config
  readonly store: Store
  readonly clock: Clock
  readonly log: Log
  /** Writes a line of a site's log. */
  note(site: string, text: string): Promise<void>
}

/** At a time: of a site, and of all. */
const maxConnections = 12
const maxConnectionsOfAll = 60
/** Somebody who does nothing but connect costs the platform no more than this. */
const knocks = { perHour: 3600, burst: 300 }

/** @throws HostingError invalid-config when a file that the configuration names for mail can't be read */
export async function createMail(parts: MailParts): Promise<Mail> {
  const { config, store, clock, log } = parts
  const relay = await createRelay(config, log)
  const doors = createDoors(config.home)
  const receiver = createReceiver({ maxBytes: config['mail-max-mb'] * 1024 * 1024, log })
  const open = { count: 0 }

  function welcomeOf(site: Sender): (socket: Socket) => void {
    const write = (text: string) =>
      void parts.note(site.name, text).catch((error: unknown) => log.warn({ err: error }, 'a mail was not logged'))
    const correspondent = createCorrespondent(site, { config, clock, relay, write })
    const admission = createAdmission(open, clock)
    return (socket) => admission(socket, () => receiver.receive(socket, correspondent))
  }

  const ensure = (site: Sender) => doors.open(site.id, welcomeOf(site))
  const stopping = new AbortController()
  let reopening: Promise<void> = Promise.resolve()

  async function reopen(): Promise<void> {
    // In this order: a site that is made meanwhile has its door already.
    const known = await doors.known()
    const sites = new Map((await store.sites.list()).map((site) => [site.id, site]))
    for (const id of known) {
      if (stopping.signal.aborted) return
      const site = sites.get(id)
      await (site === undefined ? doors.remove(id) : ensure(site))
    }
  }

  return {
    ensure,
    start() {
      reopening = reopen().catch((error: unknown) => log.error({ err: error }, 'the mail of some sites is not taken'))
    },
    remove: (siteId) => doors.remove(siteId),
    write: createPlatformMail(config, relay),
    async stop() {
      stopping.abort()
      await reopening
      await doors.close()
      receiver.close()
    },
  }
}

/** Lets a connection of a site in, or says that there are too many. */
function createAdmission(all: { count: number }, clock: Clock): (socket: Socket, enter: () => void) => void {
  const allowance = createAllowance(knocks, clock)
  let own = 0
  return (socket, enter) => {
    socket.on('error', () => socket.destroy())
    if (own >= maxConnections || all.count >= maxConnectionsOfAll || allowance.take(1) > 0)
      return void socket.end('421 4.3.2 Too many connections, try again later\r\n', () => socket.destroy())
    own++
    all.count++
    socket.once('close', () => {
      own--
      all.count--
    })
    enter()
  }
}
