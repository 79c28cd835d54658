// Where a site's storage lies: storage/<site>/, and as an image storage/.images/<site>.img. No host name begins with a dot or has a tilde.
import { join } from 'node:path'

export interface Place {
  /** Mounted into the site's instances. */
  readonly directory: string
  /** Holds the file system that is mounted there; sparse. */
  readonly image: string
  /** An image that is being made. */
  readonly unfinished: string
  /** Is there while an image is larger than its file system. */
  readonly growing: string
}

export const imagesDirectory = '.images'
const trashPrefix = '.trash-'
export const imageSuffix = '.img'

export function placeOf(storage: string, site: string): Place {
  const image = join(storage, imagesDirectory, `${site}${imageSuffix}`)
  return { directory: join(storage, site), image, unfinished: `${image}~new`, growing: `${image}~growing` }
}

export function trashPath(storage: string, id: string): string {
  return join(storage, `${trashPrefix}${id}`)
}

export function isTrash(entry: string): boolean {
  return entry.startsWith(trashPrefix)
}
