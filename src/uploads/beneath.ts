// What lies in a tree where storage is shown before it, and so is seen by nobody. Uploads get there only where a jail could show no storage:
// the site has nothing in that place yet, or has put something else there. They would be neither in a commit nor in storage: that is told.
import { Rooted } from '../lib/rooted.ts'
import { listed } from './message.ts'
import { filesAt } from './scan.ts'
import { treeOf, type View } from './view.ts'

/** By path, the signatures of what is known to lie there. */
export type Beneath = Map<string, string>

export async function filesBeneath(view: View, { maxFiles }: { maxFiles: number }): Promise<Beneath> {
  const found: Beneath = new Map()
  using root = Rooted.open(treeOf(view))
  for (const path of view.storage) {
    // What a mount needs below it is an empty file (jail/enter.c).
    for (const [file, { size, signature }] of await filesAt(root, path, maxFiles))
      if (size > 0) found.set(file, signature)
  }
  return found
}

/** Notes them as known: they are told once. @returns what has come since */
export async function newBeneath(view: View, known: Beneath, limits: { maxFiles: number }): Promise<string[]> {
  const now = await filesBeneath(view, limits)
  const fresh = [...now].filter(([path, signature]) => known.get(path) !== signature).map(([path]) => path)
  known.clear()
  for (const [path, signature] of now) known.set(path, signature)
  return fresh
}

export function describeBeneath(paths: readonly string[], site: string): string[] {
  if (paths.length === 0) return []
  return [
    `✗ ${site}: these belong to storage, where the site has nothing yet, or something else. They did not get there:`,
    ...listed(paths).map((line) => `    ${line}`),
    `  ssh … run ${site} -- tee PATH < FILE   puts one there.`,
  ]
}
