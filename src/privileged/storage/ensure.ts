// Sees to it that a site has its storage: an image of the size of its quota, mounted; or, where nothing can be mounted, a directory.
import { chmod, chown, lstat, mkdir, readdir } from 'node:fs/promises'
import { HostingError } from '../../errors/hosting-error.ts'
import { Directory } from '../../lib/directory.ts'
import { absentAsUndefined, exists } from '../../lib/files.ts'
import { siteUid } from '../../names/site-uid.ts'
import type { Gives, Takes } from '../verbs.ts'
import { checkImage, growImage, growMounted, isSmaller, makeImage } from './image.ts'
import { findDevice, isMounted, mount, unmount } from './mounts.ts'
import { type Place, placeOf } from './place.ts'

export interface StorageContext {
  /** storage/ in the home. */
  readonly storage: string
  /** releases/ in the home. */
  readonly releases: string
  readonly quotaBytes: number
  /** Of this process. */
  readonly rights: Rights
}

export interface Rights {
  /** It may give files to others. */
  readonly root: boolean
  readonly mounts: boolean
}

export async function ensure({ site }: Takes<'ensure'>, context: StorageContext): Promise<Gives<'ensure'>> {
  const place = placeOf(context.storage, site.name)
  const { quotaBytes, rights } = context
  await ensureRoot(context)
  if (await isMounted(place.directory)) {
    if ((await isSmaller(place, quotaBytes)) === 'image') await growMounted(place, quotaBytes)
    return { enforced: true }
  }
  if (!rights.mounts && (await exists(place.image))) throw cannotMount(site.name)
  if (!rights.mounts || (await isPlain(place))) {
    await makePlain(place, site.id, rights)
    return { enforced: false }
  }
  await mountImage(place, { bytes: quotaBytes, uid: siteUid(site.id) })
  return { enforced: true }
}

/** Nobody but root can put anything below it: what is done there by path is done where it is meant. */
async function ensureRoot({ storage, rights: { root } }: StorageContext): Promise<void> {
  // Without root a site's files can't be its own, so who else may come here is decided here.
  await mkdir(storage, { mode: root ? 0o711 : 0o700, recursive: true })
  const { uid, mode } = await lstat(storage)
  if (!root || (uid === 0 && (mode & 0o022) === 0)) return
  throw new HostingError('unavailable', `${storage} can be written by others than root`, {
    hint: `chown root: ${storage} && chmod 0711 ${storage}`,
  })
}

/** What was kept before anything could be mounted stays where it is: a mount would hide it. */
async function isPlain({ directory, image }: Place): Promise<boolean> {
  if (await exists(image)) return false
  return ((await absentAsUndefined(readdir(directory))) ?? []).length > 0
}

async function mountImage(place: Place, { bytes, uid }: { bytes: number; uid: number }): Promise<void> {
  if (!(await exists(place.image))) await makeImage(place, { bytes, uid })
  // With a device it is mounted in some container still, and nothing but the kernel may touch it.
  else if ((await findDevice(place.image)) === undefined) await makeReady(place, bytes)
  await mount(place.image, place.directory)
  try {
    await claim(place.directory, uid)
  } catch (error) {
    await unmount(place.directory)
    throw error
  }
}

async function makeReady(place: Place, bytes: number): Promise<void> {
  await checkImage(place)
  if ((await isSmaller(place, bytes)) !== undefined) await growImage(place, bytes)
}

/** The number of a site is never given out twice: what belongs to another number was left by another site. */
async function claim(directory: string, uid: number): Promise<void> {
  await using root = await Directory.open(directory)
  if ((await root.handle.stat()).uid !== uid)
    throw new HostingError('conflict', `${directory} is the storage of another site of that name`, {
      hint: 'It is removed when the platform starts the next time.',
    })
  await root.handle.chmod(0o700)
}

async function makePlain({ directory }: Place, id: number, { root }: Rights): Promise<void> {
  await mkdir(directory, { mode: 0o700, recursive: true })
  if (root) await chown(directory, siteUid(id), siteUid(id))
  else await chmod(directory, 0o777)
}

function cannotMount(site: string): HostingError {
  return new HostingError('unavailable', `The storage of ${site} is an image, which only root can mount`, {
    hint: 'Start the platform as root, as it was when the storage was made.',
  })
}
