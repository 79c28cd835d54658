// One container of phpMyAdmin a site, started when somebody asks for it and removed when nobody has for a while: what one tenant does
// to it reaches no other's password. None is in the database: what a crash leaves, start-up removes.
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { instancePath } from '../config/home.ts'
import { makeInstanceDirectory } from '../deploy/instances.ts'
import type { Parts } from '../deploy/parts.ts'
import { probe, socketPath } from '../deploy/probe.ts'
import { HostingError } from '../errors/hosting-error.ts'
import { createId } from '../lib/id.ts'
import { ensureDirectory, removeTree } from '../lib/files.ts'
import { siteUid } from '../names/site-uid.ts'
import type { InstanceSpec } from '../runtime/runtime.ts'
import type { Site } from '../store/sites.ts'
import type { Admitted } from './visits.ts'

export const image = 'phpmyadmin'
const limits = { memoryMb: 256, cpus: 1, pids: 64 }
const startTimeoutMs = 30_000
const idleMs = 10 * 60_000
/** More have the one that was used longest ago make room. */
const most = 20
const systemAuthorities = '/etc/ssl/certs/ca-certificates.crt'

interface Room {
  readonly id: string
  /** As it is sealed. */
  readonly password: string
  readonly socket: Promise<string>
  usedAt: number
  /** Requests under way: an export may take longer than a room may be idle. */
  busy: number
}

interface ContainerParts extends Pick<Parts, 'config' | 'runtime' | 'databases' | 'clock' | 'log'> {
  /** Where visitors find phpMyAdmin now. */
  readonly address: () => Promise<string>
}

export class Containers {
  readonly #parts: ContainerParts
  readonly #rooms = new Map<number, Room>()

  constructor(parts: ContainerParts) {
    this.#parts = parts
  }

  /** Does a request's work with the socket of the site's phpMyAdmin. @throws HostingError unavailable when it does not start */
  async use<T>(admitted: Admitted, work: (socket: string) => Promise<T>): Promise<T> {
    const room = await this.#roomOf(admitted)
    room.busy += 1
    try {
      return await work(await room.socket)
    } catch (error) {
      // Dead or never alive: the next request gets a new one.
      if (this.#rooms.get(admitted.site.id) === room) await this.#end(admitted.site.id)
      throw error
    } finally {
      room.busy -= 1
      room.usedAt = this.#now()
    }
  }

  /** Removes those that nobody has used for a while. */
  async sweep(): Promise<void> {
    for (const [siteId, { busy, usedAt }] of this.#rooms)
      if (busy === 0 && this.#now() - usedAt > idleMs) await this.#end(siteId)
  }

  async close(): Promise<void> {
    await Promise.all([...this.#rooms.keys()].map((siteId) => this.#end(siteId)))
  }

  async #roomOf({ site, database: { password } }: Admitted): Promise<Room> {
    const found = this.#rooms.get(site.id)
    if (found?.password === password) return found
    if (found !== undefined) await this.#end(site.id)
    const room = this.#rooms.get(site.id) ?? this.#open(site, password)
    await this.#makeRoom(room)
    return room
  }

  #open(site: Site, password: string): Room {
    const id = createId()
    const socket = this.#start(id, site)
    // Met by whoever uses it.
    socket.catch(() => undefined)
    const room = { id, password, socket, usedAt: this.#now(), busy: 0 }
    this.#rooms.set(site.id, room)
    return room
  }

  async #makeRoom(wanted: Room): Promise<void> {
    const others = [...this.#rooms].filter(([, room]) => room !== wanted)
    const [oldest] = others.sort(([, a], [, b]) => a.busy - b.busy || a.usedAt - b.usedAt)
    if (this.#rooms.size > most && oldest !== undefined) await this.#end(oldest[0])
  }

  async #end(siteId: number): Promise<void> {
    const room = this.#rooms.get(siteId)
    if (room === undefined) return
    this.#rooms.delete(siteId)
    await room.socket.catch(() => undefined)
    await this.#parts.runtime.remove(room.id)
    await removeTree(instancePath(this.#parts.config.home, room.id))
  }

  async #start(id: string, site: Site): Promise<string> {
    const { config, runtime } = this.#parts
    const spec = await specOf(id, site, this.#parts)
    await ensureDirectory(spec.releaseDirectory, 0o755)
    await makeInstanceDirectory(config.home, spec)
    if (config['database-ca'] !== '')
      await writeFile(join(spec.releaseDirectory, 'ca.pem'), await readFile(config['database-ca']))
    await runtime.start(spec)
    const socket = socketPath(config.home, id)
    await this.#untilItAnswers(socket, site)
    return socket
  }

  async #untilItAnswers(socket: string, site: Site): Promise<void> {
    const signal = AbortSignal.timeout(startTimeoutMs)
    for (let tries = 0; !signal.aborted; tries++) {
      const answered = await probe(socket, { url: new URL(`http://${site.name}/favicon.ico`), signal }).catch(
        () => undefined,
      )
      if (answered !== undefined) return
      await this.#parts.clock.sleep(Math.min(5 + tries, 50))
    }
    throw new HostingError('unavailable', `phpMyAdmin for ${site.name} did not start`, {
      hint: 'Try again in a moment.',
    })
  }

  #now(): number {
    return this.#parts.clock.now().getTime()
  }
}

async function specOf(id: string, site: Site, { config, databases, address }: ContainerParts): Promise<InstanceSpec> {
  const surroundings = await databases.surroundings(site)
  const directory = instancePath(config.home, id)
  const ca = config['database-ca'] === '' ? systemAuthorities : '/site/ca.pem'
  return {
    ...surroundings,
    ...{ id, site: site.name, image, uid: siteUid(site.id), limits },
    env: {
      ...surroundings?.env,
      PMA_SITE: site.name,
      PMA_URL: `${await address()}/${site.name}/`,
      PMA_CA: config['database-host'] !== '' && config['database-tls'] ? ca : '',
    },
    releaseDirectory: join(directory, 'site'),
    instanceDirectory: join(directory, 'run'),
    // A server of the platform's own is reached by its socket, an existing one over the network.
    network: surroundings?.databaseDirectory === undefined ? 'outbound' : 'none',
  }
}
