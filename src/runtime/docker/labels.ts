// How this home's containers and volumes are named and labelled. Two homes on one machine share images, nothing else.
import { createHash } from 'node:crypto'

export const homeLabel = 'hosting.home'
export const siteLabel = 'hosting.site'
export const instanceLabel = 'hosting.instance'
export const buildLabel = 'hosting.build'
export const toolLabel = 'hosting.tool'
export const serviceLabel = 'hosting.service'
/** A hash of how a service's container was described: another one means that it has to be made anew. */
export const planLabel = 'hosting.plan'

/** `hosting-<homeId>-<id>`: ids are unique within a home only. */
export function containerName(homeId: string, id: string): string {
  return `hosting-${homeId}-${id}`
}

/** A site's build cache. Docker makes a directory of the name, so a long one is shortened by its hash (255 bytes, ext4). */
export function cacheVolumeName(homeId: string, site: string): string {
  const name = site.length <= 200 ? site : createHash('sha256').update(site).digest('hex').slice(0, 32)
  return `hosting-${homeId}-cache-${name}`
}
