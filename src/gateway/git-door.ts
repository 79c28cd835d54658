// Git's side of the doors: whose site it is about, whether the account may, and a real git process on its repository.
// A site is made by its first push, and goes again when that push left nothing.
import { authorize, noSuchSite } from '../access/authorize.ts'
import { createSite } from '../access/sites.ts'
import { repositoryPath } from '../config/home.ts'
import type { Config } from '../config/load.ts'
import type { Deployments } from '../deploy/types.ts'
import { HostingError } from '../errors/hosting-error.ts'
import { ensureRepository } from '../git/repository.ts'
import type { ServeRequest } from '../git/serve.ts'
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

type GitDoor = (request: Request, command: GitCommand) => Promise<number>

/** The door throws HostingErrors: invalid-name, not-found, forbidden, conflict. */
export function createGitDoor(parts: GitDoorParts): GitDoor {
  const firstPushes = createFirstPushes(parts)
  return async (request, { service, site: typed }) => {
    const name = parseSiteName(siteIn(typed), parts.config['base-domain'])
    if (service === 'git-receive-pack') return await receivePush(request, name, { ...parts, firstPushes })
    const site = await findReadable(parts.store, request, name)
    return await parts.servePack({ ...packOf(request, site, parts), service })
  }
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
  parts: GitDoorParts & { firstPushes: FirstPushes },
): Promise<number> {
  const { deployments, firstPushes, servePack } = parts
  const { site, isNew } = await firstPushes.enter(name, () => findOrCreate(parts, request, name))
  try {
    await ensureRepository(repositoryPath(parts.config.home, site.name), { branch: site.branch })
    // From now on its name is not unknown any more: visitors read that nothing is there yet.
    if (isNew) await deployments.routeDomains(site)
    const hooks = deployments.push(site, request.account)
    try {
      return await servePack({ ...packOf(request, site, parts), service: 'git-receive-pack', hooks })
    } finally {
      await hooks.end()
    }
  } finally {
    await firstPushes.leave(site)
  }
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
async function authorizePush(store: Store, { account }: Request, site: Site): Promise<void> {
  try {
    await authorize(store, account, { action: 'site:push', site })
  } catch (error) {
    if (!(error instanceof HostingError) || error.code !== 'not-found') throw error
    throw new HostingError('forbidden', `${site.name} belongs to somebody else`, {
      hint: 'Choose another name, or ask its owner for access. sites lists yours.',
      cause: error,
    })
  }
}

function packOf(request: Request, site: Site, { config, log }: GitDoorParts): Omit<ServeRequest, 'service'> {
  const { stdin, stdout, stderr, gitProtocol } = request
  return {
    repository: repositoryPath(config.home, site.name),
    streams: { stdin, stdout, stderr },
    limits: { maxPackBytes: config['max-push-mb'] * 1024 * 1024 },
    log,
    ...(gitProtocol === undefined ? {} : { gitProtocol }),
  }
}
