// The message of a commit that was uploaded: how much, and where. Pure.
import { printable } from '../errors/render.ts'

/** @param paths byte strings (latin1) */
export function messageOf(paths: readonly string[], program = 'SFTP'): string {
  const count = paths.length === 1 ? '1 file' : `${paths.length} files`
  const folder = commonFolder(paths)
  return `${program}: ${count} changed${folder === '' ? '' : ` in ${shown(folder)}/`}\n`
}

/** As people read it. */
export function shown(path: string): string {
  return printable(Buffer.from(path, 'latin1').toString('utf8'))
}

/** The first few, and how many more. */
export function listed(paths: readonly string[], most = 10): string[] {
  const first = paths.slice(0, most).map(shown)
  return paths.length > most ? [...first, `… and ${paths.length - most} more`] : first
}

function commonFolder(paths: readonly string[]): string {
  const [first = [], ...others] = paths.map((path) => path.split('/').slice(0, -1))
  let length = first.length
  for (const other of others) {
    const differs = first.findIndex((name, index) => other[index] !== name)
    if (differs >= 0) length = Math.min(length, differs)
  }
  return first.slice(0, length).join('/')
}
