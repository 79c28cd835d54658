// Tree objects as git stores them, and how two of them differ: pure.

/** `040000` is a directory, `160000` a submodule; the others are those of TreeEntry. */
export interface TreeItem {
  readonly mode: string
  readonly object: string
}

export interface ItemChange {
  readonly name: Buffer
  readonly before?: TreeItem
  readonly after?: TreeItem
}

/** One entry's place among the bytes. */
interface Span {
  readonly from: number
  readonly nul: number
  readonly to: number
}

interface Tree {
  readonly bytes: Buffer
  readonly spans: readonly Span[]
}

/** @param idBytes 20 for SHA-1, 32 for SHA-256 */
export function compareTrees(before: Buffer, after: Buffer, idBytes: number): ItemChange[] {
  const [old, now] = [parseTree(before, idBytes), parseTree(after, idBytes)]
  // A large folder differs in few entries: what is equal at both ends costs no objects.
  const head = countEqual(old, now, (spans, step) => spans[step])
  const rest = Math.min(old.spans.length, now.spans.length) - head
  const tail = Math.min(
    rest,
    countEqual(old, now, (spans, step) => spans[spans.length - 1 - step]),
  )
  return changesBetween(itemsOf(old, head, tail), itemsOf(now, head, tail))
}

/** `<mode in octal> <name>\0<object in binary>`, again and again. */
function parseTree(bytes: Buffer, idBytes: number): Tree {
  const spans: Span[] = []
  for (let from = 0; from < bytes.length; ) {
    const nul = bytes.indexOf(0, from)
    const to = nul + 1 + idBytes
    if (nul === -1 || to > bytes.length) throw new Error('a tree object is damaged')
    spans.push({ from, nul, to })
    from = to
  }
  return { bytes, spans }
}

function countEqual(old: Tree, now: Tree, at: (spans: readonly Span[], step: number) => Span | undefined): number {
  const most = Math.min(old.spans.length, now.spans.length)
  for (let step = 0; step < most; step++) {
    const [a, b] = [at(old.spans, step), at(now.spans, step)]
    if (!a || !b || old.bytes.compare(now.bytes, b.from, b.to, a.from, a.to) !== 0) return step
  }
  return most
}

function itemsOf({ bytes, spans }: Tree, head: number, tail: number): Map<string, TreeItem & { name: Buffer }> {
  const items = new Map<string, TreeItem & { name: Buffer }>()
  for (const { from, nul, to } of spans.slice(head, spans.length - tail)) {
    const space = bytes.indexOf(0x20, from)
    const name = bytes.subarray(space + 1, nul)
    const mode = canonicalMode(bytes.toString('latin1', from, space))
    items.set(name.toString('latin1'), { name, mode, object: bytes.toString('hex', nul + 1, to) })
  }
  return items
}

/** Old programs wrote 100664 and the like; git takes them for one of five. */
function canonicalMode(text: string): string {
  const mode = Number.parseInt(text, 8)
  const kind = mode & 0o170000
  if (kind === 0o100000) return (mode & 0o100) === 0 ? '100644' : '100755'
  if (kind === 0o120000) return '120000'
  return kind === 0o040000 ? '040000' : '160000'
}

function changesBetween(
  old: ReadonlyMap<string, TreeItem & { name: Buffer }>,
  now: ReadonlyMap<string, TreeItem & { name: Buffer }>,
): ItemChange[] {
  const changes: ItemChange[] = []
  for (const [key, after] of now) {
    const before = old.get(key)
    if (before === undefined) changes.push({ name: after.name, after })
    else if (before.mode !== after.mode || before.object !== after.object)
      changes.push({ name: after.name, before, after })
  }
  for (const [key, before] of old) if (!now.has(key)) changes.push({ name: before.name, before })
  return changes
}
