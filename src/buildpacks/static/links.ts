// Follows a symbolic link of a tenant's tree component by component, never leaving the document root. No realpath(3): it would go anywhere.
import { readlink } from 'node:fs/promises'
import { fromBytes, toBytes } from './byte-string.ts'
import { lstatIfAny } from './lstat-if-any.ts'

const maxLinks = 40

/**
 * What a path (relative to the root, byte strings) stands for, as a path without links; undefined when it leads out of the root,
 * to nothing, or in circles.
 */
export async function resolveInside(root: string, path: string): Promise<string | undefined> {
  const pending = path.split('/')
  const resolved: string[] = []
  let links = 0
  for (let part = pending.shift(); part !== undefined; part = pending.shift()) {
    if (part === '' || part === '.') continue
    if (part === '..') {
      if (resolved.pop() === undefined) return undefined
      continue
    }
    const found = await look([root, ...resolved, part].join('/'))
    if (found === undefined || found.target?.startsWith('/') || links > maxLinks) return undefined
    if (found.target === undefined) resolved.push(part)
    else {
      links++
      pending.unshift(...found.target.split('/'))
    }
  }
  return resolved.join('/')
}

/** Undefined for what isn't there; without a target for what is no symbolic link. */
async function look(path: string): Promise<{ target?: string } | undefined> {
  const stats = await lstatIfAny(path)
  if (!stats?.isSymbolicLink()) return stats && {}
  return { target: fromBytes(await readlink(toBytes(path), 'buffer')) }
}
