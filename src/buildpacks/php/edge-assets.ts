// The edge's part of a PHP release: hard links of assets that no rule has a say in. Never a program, never a file that is hidden.
import { copyFileSync, linkSync, mkdirSync } from 'node:fs'
import { mkdir } from 'node:fs/promises'
import { dirname } from 'node:path/posix'
import { setImmediate } from 'node:timers/promises'
import { hasErrorCode } from '../../lib/files.ts'
import { fromText, toBytes } from '../static/byte-string.ts'
import { forEachConcurrently } from '../static/concurrently.ts'
import { type Publication, publishFile } from '../static/publish.ts'
import { hiddenAnywhere, hiddenAtRoot } from './hidden-files.ts'
import type { FolderFile } from './tree-facts.ts'

export interface AssetWish {
  readonly assets: readonly string[]
  /** Whose rules say something: nothing below their folders is the edge's. */
  readonly ruling: readonly FolderFile[]
  readonly folder: string
  readonly deny: readonly string[]
}

/** Those that the edge may serve by itself. Pure. */
export function selectAssets({ assets, ruling, folder, deny }: AssetWish): string[] {
  const ruled = ruling.map(({ folder: place }) => (place === '' ? '' : `${place}/`))
  const hidden = [...hiddenAnywhere, ...(folder === '.' ? hiddenAtRoot : []), ...deny].map(
    (pattern) => new RegExp(pattern),
  )
  return assets.filter(
    (path) => !ruled.some((place) => path.startsWith(place)) && !hidden.some((pattern) => pattern.test(`/${path}`)),
  )
}

interface Place {
  readonly release: string
  /** Absolute document root (byte string). */
  readonly root: string
  /** The release before, for a tree that a build made anew: what has the same content there keeps its ETag. */
  readonly previous: string | undefined
  readonly signal: AbortSignal
}

export async function publishAssets(assets: readonly string[], place: Place): Promise<void> {
  await mkdir(`${place.release}/edge`, { mode: 0o755 })
  await (place.previous === undefined ? linkAssets(assets, place) : publishAfter(place.previous, assets, place))
}

/** A checked-out tree shares unchanged files with the release before, and so does what is linked from it. In one go: thousands of small calls. */
async function linkAssets(assets: readonly string[], { release, root, signal }: Place): Promise<void> {
  const edge = `${fromText(release)}/edge`
  const made = new Set(['.'])
  for (const [index, path] of assets.entries()) {
    if (index % 200 === 199) await setImmediate(undefined, { signal })
    const folder = dirname(path)
    if (!made.has(folder)) mkdirSync(toBytes(`${edge}/${folder}`), { recursive: true, mode: 0o755 })
    made.add(folder)
    linkOrCopy(`${root}/${path}`, `${edge}/${path}`)
  }
}

function linkOrCopy(from: string, to: string): void {
  try {
    linkSync(toBytes(from), toBytes(to))
  } catch (error) {
    if (!hasErrorCode(error, 'EMLINK') && !hasErrorCode(error, 'EXDEV')) throw error
    copyFileSync(toBytes(from), toBytes(to))
  }
}

async function publishAfter(
  previous: string,
  assets: readonly string[],
  { release, root, signal }: Place,
): Promise<void> {
  const publication: Publication = {
    root: { path: root, isRepository: false },
    release: fromText(release),
    partition: () => 'edge',
    // The edge compresses text itself: variants of each file of an application would cost a push more than they save.
    compressible: new Set(),
    signal,
    earlier: { release: fromText(previous), supplied: new Set<string>() },
  }
  await forEachConcurrently(assets, async (path) => {
    await publishFile({ path, source: path }, publication)
  })
}
