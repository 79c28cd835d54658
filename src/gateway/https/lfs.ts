// Git LFS by HTTP: the same permissions as fetch and push. Each request is authorised anew, whoever gave out the pass it came with.
import { createReadStream } from 'node:fs'
import { stat } from 'node:fs/promises'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { pipeline } from 'node:stream/promises'
import { authorize, noSuchSite } from '../../access/authorize.ts'
import { createSite } from '../../access/sites.ts'
import { repositoryPath } from '../../config/home.ts'
import type { Config } from '../../config/load.ts'
import type { Deployments } from '../../deploy/types.ts'
import { HostingError } from '../../errors/hosting-error.ts'
import type { LfsObjects } from '../../git/lfs/objects.ts'
import { ensureRepository } from '../../git/repository.ts'
import { type HostName, parseSiteName } from '../../names/host-name.ts'
import type { Site } from '../../store/sites.ts'
import type { Store } from '../../store/store.ts'
import type { HttpVisitor } from './admit.ts'
import { bodyOf, readWhole } from './body.ts'
import { parseBatch, parseObject, renderBatch } from './lfs-batch.ts'
import type { LfsPasses } from './lfs-passes.ts'
import { notLoggedIn } from './refusal.ts'
import type { Asked } from './request.ts'

export interface LfsDoorParts {
  readonly config: Config
  readonly store: Store
  readonly lfs: LfsObjects
  readonly passes: LfsPasses
  readonly deployments: Pick<Deployments, 'routeDomains'>
}

export type LfsAsked = Extract<Asked, { kind: `lfs-${string}` }>

interface Exchange {
  readonly request: IncomingMessage
  readonly response: ServerResponse
  readonly visitor: HttpVisitor
}

type Operation = 'download' | 'upload'

/** git-lfs sends a hundred objects at a time: 10 kB. */
const mostOfBatch = 1024 * 1024
const json = { 'content-type': 'application/vnd.git-lfs+json', 'cache-control': 'no-store' }

export async function serveLfs(exchange: Exchange, asked: LfsAsked, parts: LfsDoorParts): Promise<void> {
  const name = parseSiteName(asked.site, parts.config['base-domain'])
  if (asked.kind === 'lfs-locks') {
    tellNoLocks(exchange)
    return
  }
  if (asked.kind === 'lfs-batch') {
    await serveBatch(exchange, name, parts)
    return
  }
  const operation = asked.kind === 'lfs-download' ? 'download' : 'upload'
  const site = await permitted(exchange.visitor, { name, operation }, parts)
  if (asked.kind === 'lfs-download') await sendObject(exchange, { site, oid: asked.oid }, parts)
  else if (asked.kind === 'lfs-upload') await takeObject(exchange, { site, oid: asked.oid }, parts)
  else await verify(exchange, site, parts)
}

/** With this status git-lfs asks no more, and says nothing; with 404 it warns at each push (lockverifier.go). */
function tellNoLocks({ response }: Exchange): void {
  response.writeHead(501, json).end(JSON.stringify({ message: 'Locks of large files are not offered' }))
}

async function serveBatch(
  { request, response, visitor }: Exchange,
  name: HostName,
  parts: LfsDoorParts,
): Promise<void> {
  const { lfs, passes } = parts
  const batch = parseBatch(await readWhole(request, mostOfBatch))
  const { operation, objects } = batch
  const site = await permitted(visitor, { name, operation }, parts)
  // Before it is looked which are here: what is said to be here must stay until the push has come.
  if (operation === 'upload')
    await lfs.want(
      site,
      objects.map(({ oid }) => oid),
    )
  const answer = renderBatch(batch, {
    present: await lfs.present(site, objects),
    room: operation === 'upload' ? await lfs.room(site) : 0,
    url: `${originOf(request)}/${site.name}.git/info/lfs`,
    authorization: passes.issue({ credential: visitor.credential, site: name, operation }),
  })
  response.writeHead(200, json).end(JSON.stringify(answer))
}

/** The site, when the visitor may do that to it. The large files of a first push come before it does, so they make its site. */
async function permitted(
  { actor, pass }: HttpVisitor,
  { name, operation }: { name: HostName; operation: Operation },
  parts: LfsDoorParts,
): Promise<Site> {
  if (pass !== undefined && (pass.site !== name || (operation === 'upload' && pass.operation !== 'upload')))
    throw notLoggedIn()
  const { store } = parts
  const site = await store.sites.find(name)
  if (site !== undefined) {
    await authorize(store, actor, { action: operation === 'upload' ? 'site:push' : 'site:read', site })
    return site
  }
  if (operation === 'download') throw noSuchSite(name)
  const made = await createSite({ ...parts, account: actor, name })
  // As `create` does: whoever looks at the site finds an empty one, also when the push never comes.
  await ensureRepository(repositoryPath(parts.config.home, made.name), { branch: made.branch })
  await parts.deployments.routeDomains(made)
  return made
}

/** The edge has checked that the name is this host's (nginx-git.ts). */
function originOf({ headers }: IncomingMessage): string {
  const scheme = headers['x-forwarded-proto'] === 'https' ? 'https' : 'http'
  return `${scheme}://${headers.host ?? ''}`
}

interface Named {
  readonly site: Site
  readonly oid: string
}

async function sendObject({ request, response }: Exchange, { site, oid }: Named, parts: LfsDoorParts): Promise<void> {
  const row = await parts.store.lfsObjects.find(site.id, oid)
  if (row === undefined) throw notThere(site)
  const path = parts.lfs.pathOf(site, oid)
  const { size } = await stat(path)
  const start = rangeStart(request.headers.range, size)
  response.writeHead(start === 0 ? 200 : 206, {
    ...{ 'content-type': 'application/octet-stream', 'content-length': size - start, 'cache-control': 'no-store' },
    ...(start === 0 ? {} : { 'content-range': `bytes ${start}-${size - 1}/${size}` }),
  })
  await pipeline(createReadStream(path, { start }), response)
}

/** A download that goes on where it broke off; any other range is answered with the whole (RFC 9110, 14.2). */
function rangeStart(range: string | undefined, size: number): number {
  const start = Number(/^bytes=(\d{1,15})-$/.exec(range ?? '')?.[1] ?? 0)
  return start < size ? start : 0
}

async function takeObject({ request, response }: Exchange, { site, oid }: Named, { lfs }: LfsDoorParts): Promise<void> {
  const size = Number(/^\d{1,15}$/.exec(request.headers['content-length'] ?? '')?.[0] ?? Number.NaN)
  if (Number.isNaN(size) || request.headers['content-encoding'] !== undefined)
    throw new HostingError('invalid-request', 'The length of a large file has to be said before it comes')
  await lfs.receive(site, { oid, size }, bodyOf(request, size))
  response.writeHead(200, { 'content-length': 0 }).end()
}

async function verify({ request, response }: Exchange, site: Site, { store }: LfsDoorParts): Promise<void> {
  const { oid, size } = parseObject(await readWhole(request, mostOfBatch))
  const row = await store.lfsObjects.find(site.id, oid)
  if (row?.size !== size) throw notThere(site)
  response.writeHead(200, json).end('{}')
}

function notThere({ name }: Site): HostingError {
  return new HostingError('not-found', `${name} has no such large file`, { hint: 'git lfs push --all REMOTE' })
}
