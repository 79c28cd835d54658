// The edge's part of a PHP release: hard links of assets that no rule has a say in. Never a program, never a file that is hidden.
import { mkdir } from 'node:fs/promises'
import { fromText } from '../static/byte-string.ts'
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
  readonly previous: string | undefined
  readonly signal: AbortSignal
}

/** Files that are what they were are linked from the release before: their ETag stays. */
export async function publishAssets(
  assets: readonly string[],
  { release, root, previous, signal }: Place,
): Promise<void> {
  await mkdir(`${release}/edge`, { mode: 0o755 })
  const publication: Publication = {
    root: { path: root, isRepository: false },
    release: fromText(release),
    partition: () => 'edge',
    // The edge compresses text itself: variants of each file of an application would cost a push more than they save.
    compressible: new Set(),
    signal,
    ...(previous === undefined ? {} : { earlier: { release: fromText(previous), supplied: new Set<string>() } }),
  }
  await forEachConcurrently(assets, async (path) => {
    await publishFile({ path, source: path }, publication)
  })
}
