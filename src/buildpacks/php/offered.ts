// The PHP versions on offer: buildpacks/php/versions.json. A line more there is a version more, without a change here.
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { z } from 'zod'
import { HostingError } from '../../errors/hosting-error.ts'

const offeredSchema = z
  .array(
    z.strictObject({
      version: z.string().regex(/^\d+\.\d+$/),
      /** The Debian release that it comes from. */
      suite: z.string(),
      /** When php.net stops mending its security. */
      endOfLife: z.iso.date(),
    }),
  )
  .min(1)

export type OfferedVersion = z.infer<typeof offeredSchema>[number]

const file = join(import.meta.dirname, '../../../buildpacks/php/versions.json')
let loaded: Promise<readonly OfferedVersion[]> | undefined

/** Oldest first. */
export function loadOffered(): Promise<readonly OfferedVersion[]> {
  return (loaded ??= readFile(file, 'utf8').then((text) => offeredSchema.parse(JSON.parse(text)).sort(byVersion)))
}

function byVersion(left: OfferedVersion, right: OfferedVersion): number {
  return left.version.localeCompare(right.version, 'en', { numeric: true })
}

/** @throws HostingError invalid-site-config when it is not on offer */
export function findOffered(offered: readonly OfferedVersion[], wanted: string, where: string): OfferedVersion {
  const found = offered.find(({ version }) => version === wanted)
  if (found !== undefined) return found
  throw new HostingError('invalid-site-config', `${where} asks for PHP ${wanted}, which this server does not have`, {
    hint: `There is PHP ${offered.map(({ version }) => version).join(', ')}.`,
  })
}

const soonMs = 90 * 24 * 60 * 60 * 1000

/** What to say about the age of a version at each push; undefined while it is looked after. */
export function noteEndOfLife({ version, endOfLife }: OfferedVersion, now: Date): string | undefined {
  const left = new Date(endOfLife).getTime() - now.getTime()
  if (left < 0)
    return `PHP ${version} has had no security fixes from php.net since ${endOfLife}: move on to a newer one`
  return left < soonMs ? `PHP ${version} gets its last security fixes on ${endOfLife}` : undefined
}
