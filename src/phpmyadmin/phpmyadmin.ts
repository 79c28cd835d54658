// phpMyAdmin on a host name of the platform's own: to the edge it is one more instance, whose socket is the platform's.
import { join } from 'node:path'
import { databaseAdminHost } from '../access/platform-names.ts'
import { instancePath } from '../config/home.ts'
import { sendsToHttps } from '../config/https.ts'
import { makeInstanceDirectory } from '../deploy/instances.ts'
import type { Parts } from '../deploy/parts.ts'
import { socketPath } from '../deploy/probe.ts'
import { addressesOf } from '../deploy/site-address.ts'
import { HostingError } from '../errors/hosting-error.ts'
import { createId } from '../lib/id.ts'
import { pause } from '../lib/pause.ts'
import type { HostName } from '../names/host-name.ts'
import { Containers, image } from './containers.ts'
import { startFront } from './front.ts'
import type { PhpMyAdmin } from './types.ts'
import { Visits } from './visits.ts'

const sweepMs = 15_000

export interface PhpMyAdminServer extends PhpMyAdmin {
  /** After start-up's clean-up, which takes everything of an earlier run away. */
  start(): Promise<void>
  stop(): Promise<void>
}

export function createPhpMyAdmin(parts: Parts): PhpMyAdminServer {
  const { config, store, runtime, certificates, log } = parts
  const host = databaseAdminHost(config)
  const visits = new Visits(parts)
  const containers = new Containers({ ...parts, address: async () => (await addressesOf(host ?? '', parts))[0] })
  const stopping = new AbortController()
  const started: (() => Promise<void>)[] = []

  return {
    async invite(site, account, print) {
      const name = await offeredHost(host, parts)
      const { ticket, expiresAt } = await visits.invite(site, account)
      await runtime.ensureImage(image, print)
      const [url, ...others] = await addressesOf(name, parts)
      const invited = (address: string) => `${address}/${site.name}/?ticket=${ticket}`
      return { url: invited(url), others: others.map(invited), expiresAt }
    },
    async start() {
      const isTaken = host !== undefined && (await store.sites.findByDomain(host)) !== undefined
      if (isTaken) log.warn({ host }, 'phpMyAdmin is not offered: its host name is that of a site')
      if (host === undefined || isTaken) {
        await certificates.wantOwn([])
        return
      }
      const place = await placeFor(host, parts)
      started.push(await startFront(place, { visits, containers, log, hasHttpsAlone: sendsToHttps(config) }))
      await certificates.wantOwn([host])
      const sweeping = sweepNowAndThen()
      started.push(() => sweeping)
    },
    async stop() {
      stopping.abort()
      for (const end of started) await end()
      await containers.close()
    },
  }

  async function sweepNowAndThen(): Promise<void> {
    while (!stopping.signal.aborted) {
      await pause(parts.clock, sweepMs, stopping.signal)
      await containers
        .sweep()
        .catch((error: unknown) => log.error({ err: error }, 'phpMyAdmin could not be put to sleep'))
    }
  }
}

/** @throws HostingError conflict */
async function offeredHost(host: HostName | undefined, { store }: Pick<Parts, 'store'>): Promise<HostName> {
  if (host === undefined)
    throw new HostingError('conflict', 'This platform does not offer phpMyAdmin', {
      hint: 'Whoever runs it can: database-admin-host in its configuration. ssh -t … db SITE opens an SQL prompt.',
    })
  if ((await store.sites.findByDomain(host)) !== undefined)
    throw new HostingError('conflict', `phpMyAdmin is not offered: ${host} is a domain of a site`, {
      hint: 'Whoever runs the platform gives phpMyAdmin another name: database-admin-host in its configuration.',
    })
  return host
}

/** Makes what the edge follows, as for an instance, and leads the route there. @returns the path of the socket to be made */
async function placeFor(host: HostName, { config: { home }, edge }: Parts): Promise<string> {
  const id = createId()
  const directory = instancePath(home, id)
  const place = { id, site: host, releaseDirectory: join(directory, 'site'), instanceDirectory: join(directory, 'run') }
  await makeInstanceDirectory(home, place)
  await edge.routes.point(host, id)
  return socketPath(home, id)
}
