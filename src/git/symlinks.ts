// Which symbolic links of a pushed tree may be written: those that can't lead out of it, whatever other links they pass.
import type { TreeEntry } from './types.ts'

/** symlink(2) takes no longer target. */
export const maxTargetBytes = 4095

/**
 * A target must be relative, have `..` only at its start, and no more of them than there are directories above the link.
 * `..` after a name is refused even where it looks harmless: that name may be a link to somewhere higher up
 * (`up -> ..` in a/, then `a/up/../x` is outside). Without it, each name passed leads further down, or to a link that keeps to the same rule.
 */
export function staysInside(link: TreeEntry, target: Buffer): boolean {
  const text = target.toString('latin1')
  if (text === '' || text.startsWith('/') || text.includes('\0') || text.length > maxTargetBytes) return false
  const steps = text.split('/').filter((step) => step !== '' && step !== '.')
  const down = steps.findIndex((step) => step !== '..')
  const up = down === -1 ? steps.length : down
  return up <= depthOf(link.path) && !steps.includes('..', up)
}

function depthOf(path: Buffer): number {
  return path.toString('latin1').split('/').length - 1
}
