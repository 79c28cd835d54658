// Objects read without git, beside what git says of them.
import { randomBytes } from 'node:crypto'
import { chmod, truncate } from 'node:fs/promises'
import { join } from 'node:path'
import { beforeEach, describe, expect, it } from 'vitest'
import { readCommit } from '../../src/git/commit.ts'
import { findLoose } from '../../src/git/loose.ts'
import { openObjects } from '../../src/git/objects.ts'
import { findChanges } from '../../src/git/tree-changes.ts'
import { GitSource } from '../helpers/git-source.ts'

let git: GitSource

beforeEach(async () => {
  git = await GitSource.create()
})

const contentOf = async (pieces: AsyncIterable<Buffer>) => {
  const chunks: Buffer[] = []
  for await (const piece of pieces) chunks.push(piece)
  return Buffer.concat(chunks)
}

describe('an object', () => {
  it('is the same loose and packed, whole and in pieces, also when the one before was not read', async () => {
    const contents = [Buffer.alloc(0), Buffer.from('small'), Buffer.alloc(2_000_000, 'x'), randomBytes(300_000)]
    const ids: string[] = []
    for (const content of contents) ids.push(await git.object('blob', content))
    await git.commitOf(await git.tree(ids.map((object, index) => ({ mode: '100644', name: String(index), object }))))
    for (const packed of [false, true]) {
      if (packed) await git.git(['repack', '-qad'])
      await using objects = openObjects({ repository: git.path })
      for (const [index, id] of ids.entries()) {
        expect(await objects.find(id)).toMatchObject({ type: 'blob', size: contents[index]!.length })
        expect((await (await objects.find(id))!.whole()).equals(contents[index]!)).toBe(true)
        expect((await contentOf((await objects.find(id))!.pieces())).equals(contents[index]!)).toBe(true)
      }
      expect(await objects.find('f'.repeat(40))).toBeUndefined()
    }
  })

  it('is found in the quarantine of a push first, and behind it', async () => {
    const quarantined = await GitSource.create()
    const [new_, old] = [await quarantined.object('blob', 'new'), await git.object('blob', 'old')]
    const place = { objectDirectory: join(quarantined.path, 'objects'), alternates: join(git.path, 'objects') }
    await using objects = openObjects({ repository: git.path, quarantine: place })
    for (const [id, content] of [[new_, 'new'] as const, [old, 'old'] as const])
      expect(String(await (await objects.find(id))!.whole())).toBe(content)
  })

  it('that is damaged is left to git, which says so', async () => {
    const id = await git.object('blob', randomBytes(1000))
    const path = join(git.path, 'objects', id.slice(0, 2), id.slice(2))
    await chmod(path, 0o644)
    await truncate(path, 500)
    expect(findLoose({ repository: git.path }, id)).toBeUndefined()
    await using objects = openObjects({ repository: git.path })
    await expect(objects.find(id).then((found) => found?.whole())).rejects.toThrow()
  })
})

const author = 'author A Ü. Thor <a@example.org> 1700000000 +0000'
const committer = 'committer C <c@example.org> 1700000000 +0000'

describe('a commit', () => {
  it.each([
    ['a subject', [author, committer, '', 'Subject\n\nBody\n']],
    ['no message', [author, committer, '', '']],
    ['a subject in two lines, blank lines before it', [author, committer, '', '\n  \nOne \ntwo\n \nBody\n']],
    ['lines that end as on Windows', [author, committer, '', 'One\r\n\r\nBody\r\n']],
    [
      'a signature',
      [author, committer, 'gpgsig -----BEGIN', ' author Nobody <n@x> 1 +0000', ' ', ' x', '', 'Signed\n'],
    ],
    ['an encoding of its own', [author, committer, 'encoding ISO-8859-1', '', 'Grüße\n']],
    ['an encoding that nobody knows', [author, committer, 'encoding klingon', '', 'Hello\n']],
    ['no name', ['author <a@example.org> 1700000000 +0000', committer, '', 'x']],
  ])('with %s is read as git reads it', async (_what, lines) => {
    const encoding = lines.includes('encoding ISO-8859-1') ? 'latin1' : 'utf8'
    const tree = await git.tree([])
    const commit = await git.object('commit', Buffer.from([`tree ${tree}`, ...lines].join('\n'), encoding))
    await using objects = openObjects({ repository: git.path })
    const [subject = '', name = ''] = (await git.git(['log', '-1', '--format=%s%x00%an', commit])).split('\0')
    expect(await readCommit(objects, commit)).toEqual({ tree, subject, author: name })
  })
})

describe('what differs between two commits', () => {
  it('is what git says, also in a large folder and in modes of old programs', async () => {
    const file = async (name: string, content: string, mode = '100644') => ({
      mode,
      name,
      object: await git.object('blob', content),
    })
    const some = await Promise.all(['a', 'b', 'd', 'e'].map((name) => file(name, name)))
    const [a, b, d, e] = some as [(typeof some)[0], (typeof some)[0], (typeof some)[0], (typeof some)[0]]
    const folder = { mode: '40000', name: 'c', object: await git.tree([a, b]) }
    const trees = [
      [a, b, d, e],
      [{ ...a, mode: '100664' }, b, { ...folder }, d, e],
      [{ ...a, mode: '100775' }, { ...folder, name: 'b' }, e],
      [a, { ...folder, object: await git.tree([b]) }, e],
      [],
    ]
    const commits: string[] = []
    for (const tree of trees) commits.push(await git.commitOf(await git.tree(tree)))
    await using objects = openObjects({ repository: git.path })
    for (const from of commits) {
      for (const to of commits) {
        const changes = await findChanges(objects, { from, to, atMost: 100 })
        const said = await git.git(['diff-tree', '-r', '-t', '--raw', '--no-renames', '--no-abbrev', from, to])
        expect(changes?.map(rawLine).sort()).toEqual(said.split('\n').filter(isOwn).sort())
      }
    }
  })
})

type Change = NonNullable<Awaited<ReturnType<typeof findChanges>>>[number]

function rawLine({ path, before, after }: Change): string {
  const [a, b] = [
    before ?? { mode: '000000', object: '0'.repeat(40) },
    after ?? { mode: '000000', object: '0'.repeat(40) },
  ]
  const kind = (mode: string) => Number.parseInt(mode, 8) >> 12
  const letter = !before ? 'A' : !after ? 'D' : kind(a.mode) === kind(b.mode) ? 'M' : 'T'
  return `:${a.mode} ${b.mode} ${a.object} ${b.object} ${letter}\t${path.toString()}`
}

/** Not of a folder in which something has changed. */
function isOwn(line: string): boolean {
  return line !== '' && !line.startsWith(':040000 040000')
}
