// Git's side of the doors: whose site it is about, whether the account may, and a real git process on its repository.
// A site is made by its first push, and goes again when that push left nothing.
import { join } from 'node:path'
import { type Actor, authorize, noSuchSite } from '../access/authorize.ts'
import { createSite, mayCreateSite } from '../access/sites.ts'
import { repositoryPath } from '../config/home.ts'
import type { Config } from '../config/load.ts'
import type { Deployments } from '../deploy/types.ts'
import { HostingError } from '../errors/hosting-error.ts'
import { ensureRepository } from '../git/repository.ts'
import type { ServeRequest } from '../git/serve.ts'
import type { PushHooks } from '../git/types.ts'
import type { Log } from '../lib/log.ts'
import { type HostName, parseSiteName } from '../names/host-name.ts'
import type { Site } from '../store/sites.ts'
import type { Store } from '../store/store.ts'
import { createFirstPushes, type FirstPushes } from './first-pushes.ts'
import type { GitCommand } from './git-command.ts'
import type { Request } from './session.ts'

export interface GitDoorParts {
  readonly config: Config
  readonly store: Store
  readonly deployments: Pick<Deployments, 'push' | 'destroy' | 'routeDomains'>
  readonly servePack: (request: ServeRequest) => Promise<number>
  readonly log: Log
}

/** By HTTP, one of the requests that a fetch or a push consists of (git/serve.ts). */
export type GitCall = GitCommand & Pick<ServeRequest, 'rpc'>
export type GitDoor = (request: Request, call: GitCall) => Promise<number>

/** The door throws HostingErrors: invalid-name, not-found, forbidden, conflict. */
export function createGitDoor(parts: GitDoorParts): GitDoor {
  const firstPushes = createFirstPushes(parts)
  return async (request, { service, site: typed, rpc }) => {
    const name = parseSiteName(siteIn(typed), parts.config['base-domain'])
    const call = { service, ...(rpc === undefined ? {} : { rpc }) }
    if (service !== 'git-receive-pack') return await serveFetch(request, name, { parts, call })
    if (rpc === 'advertise') return await announcePush(request, name, { parts, call })
    return await receivePush(request, name, { parts: { ...parts, firstPushes }, call })
  }
}

interface Serving<Parts = GitDoorParts> {
  readonly parts: Parts
  readonly call: Pick<ServeRequest, 'service' | 'rpc'>
}

async function serveFetch(request: Request, name: HostName, { parts, call }: Serving): Promise<number> {
  const site = await findReadable(parts.store, request, name)
  await ensureRepository(repositoryPath(parts.config.home, site.name), { branch: site.branch })
  return await parts.servePack({ ...packOf(request, site, parts), ...call })
}

/** What a push by HTTP begins with: what is there already. A site that it will make is not made for that: it has what nothing has. */
async function announcePush(request: Request, name: HostName, { parts, call }: Serving): Promise<number> {
  const { store, config } = parts
  const site = await store.sites.find(name)
  if (site === undefined) await mayCreateSite({ ...parts, account: request.account, name })
  else await authorizePush(store, request, site)
  const repository = site === undefined ? join(config.home.run, 'nothing.git') : repositoryPath(config.home, site.name)
  await ensureRepository(repository, { branch: site?.branch ?? config['default-branch'] })
  return await parts.servePack({ ...packOf(request, { name }, parts), repository, ...call })
}

/** `/demo.git`, `~/demo` and `demo/` all mean demo. */
function siteIn(argument: string): string {
  return argument.replace(/^\/?(~\/)?/, '').replace(/\/$/, '')
}

async function findReadable(store: Store, { account }: Request, name: HostName): Promise<Site> {
  const site = await store.sites.find(name)
  if (site === undefined) throw noSuchSite(name)
  await authorize(store, account, { action: 'site:read', site })
  return site
}

async function receivePush(
  request: Request,
  name: HostName,
  { parts, call }: Serving<GitDoorParts & { firstPushes: FirstPushes }>,
): Promise<number> {
  const { deployments, firstPushes, servePack } = parts
  const { site, isNew } = await firstPushes.enter(name, () => findOrCreate(parts, request, name))
  try {
    await ensureRepository(repositoryPath(parts.config.home, site.name), { branch: site.branch })
    // From now on its name is not unknown any more: visitors read that nothing is there yet.
    if (isNew) await deployments.routeDomains(site)
    const hooks = whileAllowed(deployments.push(site, request.account), () => mustStillMay(request, site, parts))
    try {
      return await servePack({ ...packOf(request, site, parts), ...call, hooks })
    } finally {
      await hooks.end()
    }
  } finally {
    await firstPushes.leave(site)
  }
}

/** Asked again when all is proven: between a request and its end there may be hours, and what opened the door may be gone. */
function whileAllowed(
  hooks: PushHooks & { end(): Promise<void> },
  mustStillMay: () => Promise<void>,
): PushHooks & { end(): Promise<void> } {
  return {
    async preReceive(push) {
      await hooks.preReceive(push)
      await mustStillMay()
    },
    postReceive: (push) => hooks.postReceive(push),
    end: () => hooks.end(),
  }
}

async function mustStillMay(request: Request, { id }: Site, { store }: GitDoorParts): Promise<void> {
  const current = request.recheck === undefined ? request : await request.recheck()
  if (current === undefined) throw new HostingError('forbidden', 'What you logged in with was removed')
  const site = await store.sites.findById(id)
  if (site !== undefined) await authorizePush(store, { account: current.account }, site)
}

async function findOrCreate(
  parts: GitDoorParts,
  request: Request,
  name: HostName,
): Promise<{ site: Site; isNew: boolean }> {
  const { store } = parts
  const { account } = request
  const known = await store.sites.find(name)
  if (known !== undefined) await authorizePush(store, request, known)
  return { site: known ?? (await createSite({ ...parts, account, name })), isNew: known === undefined }
}

/** A push would make a site that doesn't exist, so "there is none" would be a lie here. */
async function authorizePush(store: Store, request: Pick<Request, 'account'>, site: Site): Promise<void> {
  try {
    await authorize(store, request.account, { action: 'site:push', site })
  } catch (error) {
    if (!(error instanceof HostingError) || error.code !== 'not-found' || isForSome(request.account)) throw error
    throw new HostingError('forbidden', `${site.name} belongs to somebody else`, {
      hint: 'Choose another name, or ask its owner for access. sites lists yours.',
      cause: error,
    })
  }
}

/** A token for some sites makes none, so to it the others are not there. */
function isForSome({ scope }: Actor): boolean {
  return scope !== undefined && scope.sites !== 'all'
}

function packOf(
  request: Request,
  site: Pick<Site, 'name'>,
  { config, log }: GitDoorParts,
): Omit<ServeRequest, 'service'> {
  const { stdin, stdout, stderr, gitProtocol } = request
  return {
    repository: repositoryPath(config.home, site.name),
    streams: { stdin, stdout, stderr },
    limits: { maxPackBytes: config['max-push-mb'] * 1024 * 1024 },
    log,
    ...(gitProtocol === undefined ? {} : { gitProtocol }),
  }
}
