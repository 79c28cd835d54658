// What a site has changed by itself where the repository holds something, too: in its storage. Shown, and committed back as an upload is.
import { repositoryPath } from '../config/home.ts'
import { HostingError } from '../errors/hosting-error.ts'
import { importChanges } from '../git/import-changes.ts'
import { findRef } from '../git/repository.ts'
import { openParent, type Rooted } from '../lib/rooted.ts'
import type { Account } from '../store/accounts.ts'
import type { Site } from '../store/sites.ts'
import { type CommitParts, limitsOf, writtenFiles } from './commit-view.ts'
import { deployCommit } from './deploy-commit.ts'
import { listBase, type Written } from './difference.ts'
import { objectOf } from './objects.ts'
import { type StoragePath, storageOf } from './prepare.ts'
import { openStorage } from './site-storage.ts'
import { scanTree, type Seen, seen } from './scan.ts'

export interface Drift extends AsyncDisposable {
  /** By path (latin1); null: the site has removed it. */
  readonly changes: ReadonlyMap<string, Written | null>
  /** Those that the repository has. */
  readonly known: ReadonlySet<string>
  readonly head: string
  /** Where it can be read, until this is disposed of. */
  readonly root: Rooted
}

type Parts = CommitParts & { readonly account: Account }

/** @throws HostingError too-large where more than can be committed would have to be read */
export async function findDrift(site: Site, parts: Parts): Promise<Drift | undefined> {
  const repository = repositoryPath(parts.config.home, site.name)
  const head = await findRef(repository, `refs/heads/${site.branch}`)
  const all = await storageOf(site, parts)
  if (head === undefined || all.length === 0) return undefined
  const base = await listBase({ state: { base: head } }, { repository, limits: limitsOf(parts.config) })
  const known = new Set(base.keys())
  const paths = all.filter((path) => !path.isFolder || heldAt(path, known).length > 0)
  await using opening = new AsyncDisposableStack()
  const { root } = opening.use(await openStorage(site, paths, parts))
  const changes = new Map<string, Written | null>()
  for (const path of paths) await compare(root, path, { base, changes, parts })
  const kept = opening.move()
  return { changes, known, head, root, [Symbol.asyncDispose]: () => kept.disposeAsync() }
}

/** A folder that the repository holds nothing of is for uploads and caches; a single file is what an installer writes. */
function heldAt({ path }: StoragePath, known: ReadonlySet<string>): string[] {
  return [...known].filter((one) => one === path || one.startsWith(`${path}/`))
}

interface DriftCommit {
  readonly account: Account
  readonly message: string
  readonly print: (line: string) => void
}

/** @returns the commit. @throws HostingError what a push of it would be refused for */
export async function commitDrift(site: Site, drift: Drift, parts: CommitParts & DriftCommit): Promise<string> {
  const { config, account, message, clock, print } = parts
  const repository = repositoryPath(config.home, site.name)
  const made = await importChanges({
    repository,
    ref: `refs/hosting/uploads/${site.id}-${account.id}`,
    parent: drift.head,
    author: { name: account.name, mail: account.mail ?? `${account.name}@${config['base-domain']}` },
    message: `${message}\n`,
    date: clock.now(),
    removed: [...drift.changes].filter(([, change]) => change === null).map(([path]) => path),
    written: writtenFiles(drift.root, drift.changes),
  })
  if (await deployCommit({ site, account, head: drift.head, commit: made, print }, parts)) return made
  throw new HostingError('conflict', `${site.branch} of ${site.name} has moved meanwhile`, {
    hint: `drift ${site.name}`,
  })
}

interface Comparing {
  readonly base: ReadonlyMap<string, { readonly mode: string; readonly object: string }>
  readonly changes: Map<string, Written | null>
  readonly parts: Pick<CommitParts, 'config'>
}

async function compare(root: Rooted, place: StoragePath, { base, changes, parts }: Comparing): Promise<void> {
  const { path } = place
  const held = heldAt(place, new Set(base.keys()))
  const found = await filesAt(root, path, limitsOf(parts.config).maxFiles)
  for (const [file, one] of found) {
    const object = await objectOf(root, { path: file, found: one, cache: new Map() })
    const before = base.get(file)
    if (object !== undefined && (before?.object !== object || before.mode !== one.mode))
      changes.set(file, { ...one, object })
  }
  for (const file of held) if (!found.has(file)) changes.set(file, null)
}

async function filesAt(root: Rooted, path: string, maxFiles: number): Promise<ReadonlyMap<string, Seen>> {
  const place = openParent(root, path)
  if (place === undefined) return new Map()
  using parent = place.parent
  using folder = parent.directory(place.name)
  if (folder !== undefined) {
    const { files } = await scanTree(folder, new Set(), { maxFiles })
    return new Map([...files].map(([name, one]) => [`${path}/${name}`, one]))
  }
  const stat = parent.stat(place.name)
  return stat?.isFile() === true ? new Map([[path, seen(stat)]]) : new Map()
}
