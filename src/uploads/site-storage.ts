// What a site has written, to be read: where it lies, or a copy of it where the platform itself may not read there. The copy is made in a jail
// that shows nothing else, so that no link in it leads anywhere.
import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { Transform } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { HostingError } from '../errors/hosting-error.ts'
import { ended, start } from '../lib/exec.ts'
import { removeTree } from '../lib/files.ts'
import { createId } from '../lib/id.ts'
import { Rooted } from '../lib/rooted.ts'
import { parseHostName } from '../names/host-name.ts'
import type { Account } from '../store/accounts.ts'
import type { Site } from '../store/sites.ts'
import type { CommitParts } from './commit-view.ts'
import type { StoragePath } from './prepare.ts'

export interface SiteStorage extends AsyncDisposable {
  readonly root: Rooted
}

type Parts = Pick<CommitParts, 'config' | 'storages' | 'jailer'> & { readonly account: Pick<Account, 'id' | 'name'> }

/** @throws HostingError too-large */
export async function openStorage(site: Site, paths: readonly StoragePath[], parts: Parts): Promise<SiteStorage> {
  const directory = await parts.storages.ensure(site)
  if (parts.jailer.readsStorage) return opened(directory, () => Promise.resolve())
  // Beside the views: what a crash leaves there is removed at start.
  const copy = join(parts.config.home.uploads, `copy-${createId()}`)
  await mkdir(copy, { mode: 0o700 })
  try {
    if (paths.length > 0) await copyInto(copy, { site, paths, parts })
    return opened(copy, () => removeTree(copy))
  } catch (error) {
    await removeTree(copy)
    throw error
  }
}

function opened(directory: string, afterwards: () => Promise<void>): SiteStorage {
  const root = Rooted.open(directory)
  return {
    root,
    async [Symbol.asyncDispose]() {
      root[Symbol.dispose]()
      await afterwards()
    },
  }
}

interface Copying {
  readonly site: Site
  readonly paths: readonly StoragePath[]
  readonly parts: Parts
}

/** What can't be read is left out: its owner has closed it to itself. */
async function copyInto(directory: string, { site, paths, parts }: Copying): Promise<void> {
  const { account, config, jailer } = parts
  const storage = paths.map(({ path, isFolder }) => ({ path: Buffer.from(path, 'latin1').toString('utf8'), isFolder }))
  const names = storage.map(({ path }) => path)
  const shown = { id: site.id, name: parseHostName(site.name), writable: false, hasTree: false, storage, releases: [] }
  const how = ['--create', '--numeric-owner', '--ignore-failed-read', '--file=-', `--directory=/${site.name}`]
  const packing = await jailer.start({
    account: { id: account.id, name: account.name },
    program: { name: 'tar', args: [...how, '--', ...names] },
    sites: [shown],
  })
  // --ignore-zeros: to the end of what comes, or the last of it is written to nobody.
  const unpack = ['--extract', '--ignore-zeros', '--no-same-owner', '--file=-', '--directory', directory]
  const unpacking = start('tar', unpack, { stdio: ['pipe', 'ignore', 'ignore'] })
  for (const stream of [packing.stderr, packing.reports]) stream.resume()
  try {
    if (unpacking.stdin === null) throw new Error('tar was started without its input')
    await pipeline(packing.stdout, atMost(config['max-release-mb'], site.name), unpacking.stdin)
    await Promise.all([packing.ended, ended(unpacking)])
  } finally {
    packing.kill()
    unpacking.kill()
  }
}

/** More could not be committed. */
function atMost(megabytes: number, site: string): Transform {
  let left = megabytes * 1024 * 1024
  return new Transform({
    transform(piece: Buffer, _encoding, done) {
      left -= piece.length
      done(left < 0 ? tooLarge(megabytes, site) : null, piece)
    },
  })
}

function tooLarge(megabytes: number, site: string): HostingError {
  return new HostingError('too-large', `${site} has more than ${megabytes} MB where its repository holds something`, {
    hint: `storage ${site}   shows how much differs; SFTP fetches it.`,
  })
}
