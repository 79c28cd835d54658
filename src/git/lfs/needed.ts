// Which large files a repository still needs: those whose pointers are in the history of any ref, the platform's own among them (releases
// that one may roll back to, uploads that are kept).
import { openBlobs } from '../blobs.ts'
import { startGit } from '../git.ts'
import type { TreeEntry } from '../types.ts'
import { leastPointerBytes, mostPointerBytes, parsePointer } from './pointer.ts'

/** @throws Error when the repository can't be read whole: then nothing is known to be unneeded */
export async function neededObjects(repository: string, signal: AbortSignal): Promise<ReadonlySet<string>> {
  const needed = new Set<string>()
  const small = await smallBlobs(repository, signal)
  if (small.length === 0) return needed
  await using blobs = openBlobs({ repository }, signal)
  blobs.request(small)
  for (const entry of small) {
    const pointer = parsePointer(await blobs.whole(entry))
    if (pointer !== undefined) needed.add(pointer.oid)
  }
  return needed
}

/** Blobs of the size that pointers have. The filter leaves out larger ones before they are looked at (git-rev-list(1), --filter). */
async function smallBlobs(repository: string, signal: AbortSignal): Promise<TreeEntry[]> {
  const filter = `--filter=blob:limit=${mostPointerBytes}`
  await using list = startGit({ repository }, ['rev-list', '--objects', '--no-object-names', '--all', filter], signal)
  const format = '--batch-check=%(objecttype) %(objectsize) %(objectname)'
  await using check = startGit({ repository }, ['cat-file', '--buffer', format], signal)
  list.stdin.end()
  list.stdout.pipe(check.stdin)
  const found: TreeEntry[] = []
  let rest = ''
  for await (const chunk of check.stdout as AsyncIterable<Buffer>) {
    const lines = (rest + chunk.toString('latin1')).split('\n')
    rest = lines.pop() ?? ''
    for (const line of lines) found.push(...pointerSized(line))
  }
  await list.done()
  await check.done()
  return found
}

function pointerSized(line: string): TreeEntry[] {
  const [, digits = '', object = ''] = /^blob (\d+) ([0-9a-f]+)$/.exec(line) ?? []
  const size = Number(digits)
  if (object === '' || size < leastPointerBytes || size >= mostPointerBytes) return []
  return [{ mode: '100644', object, size, path: Buffer.alloc(0) }]
}
