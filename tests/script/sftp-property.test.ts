// Whatever is done by SFTP: the tree is what the same had made of a local directory, and what is committed is that tree.
import { mkdir, readdir, readFile, readlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import fc from 'fast-check'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { type Platform, startPlatform } from '../helpers/platform.ts'
import { run } from '../helpers/session.ts'
import { until } from '../helpers/until.ts'
import { Uploader } from '../helpers/uploader.ts'
import { WorkingCopy } from '../helpers/working-copy.ts'

let platform: Platform
let ann: Uploader
let local: string

beforeAll(async () => {
  platform = await startPlatform()
  ann = new Uploader(await platform.addPerson('ann'), platform)
  const copy = await WorkingCopy.create(ann.person, 'demo', { 'index.html': 'one' })
  await copy.pushOk()
  local = join(ann.person.home, 'local/demo.localhost')
  await mkdir(local, { recursive: true })
  await writeFile(join(local, 'index.html'), 'one')
  for (const text of ['a', 'b', 'c']) await writeFile(join(ann.person.home, `${text}.txt`), `content ${text}`)
})

afterAll(async () => {
  await platform[Symbol.asyncDispose]()
})

/** Root without the right to pass by the mode of a folder, which it could close to itself. */
const passing = '-dac_override,-dac_read_search'
const asOwner = [`--bounding-set=${passing}`, `--inh-caps=${passing}`, '--']

/** With a hyphen: an operation that fails here has to fail there, and the next ones follow. */
const path = fc.constantFrom('x', 'y', 'd', 'd/x', 'd/e', 'd/e/x', 'e', 'e/y')
const operation = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.tuple(fc.constantFrom('a', 'b', 'c'), path).map(([text, to]) => `put HOME/${text}.txt ${to}`),
  },
  { weight: 3, arbitrary: path.map((at) => `mkdir ${at}`) },
  path.map((at) => `rm ${at}`),
  path.map((at) => `rmdir ${at}`),
  { weight: 2, arbitrary: fc.tuple(path, path).map(([from, to]) => `rename ${from} ${to}`) },
  fc.tuple(path, path).map(([from, to]) => `symlink ${from} ${to}`),
  fc.tuple(fc.constantFrom('755', '644'), path).map(([mode, at]) => `chmod ${mode} ${at}`),
)

it('any sequence of operations', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(operation, { minLength: 4, maxLength: 16 }), async (operations) => {
      const lines = operations.map((one) => `-${one.replace('HOME', ann.person.home)}`)
      const batch = ['cd demo.localhost', ...lines]
      const there = await ann.sftpOk(...batch)
      const input = `${['lcd /', `cd ${local}`, ...lines].join('\n')}\n`
      const here = await run('setpriv', [...asOwner, 'sftp', '-D', '/usr/lib/openssh/sftp-server', '-b', '-'], {
        input,
      })
      expect(failures(there.stderr)).toBe(failures(here.stderr))
      const wanted = await treeOf(local)
      await until('the tree to be committed', async () => same(wanted, await committedTree()), 20_000).catch(
        async () => {
          expect(await committedTree()).toEqual(wanted)
        },
      )
    }),
    { numRuns: 8 },
  )
}, 240_000)

/** How many operations were refused: how they are worded depends on the path. */
function failures(stderr: string): number {
  return stderr
    .split('\n')
    .filter((line) => /Failure|Permission denied|No such file|not found|not a regular file/.test(line)).length
}

function same(one: Record<string, string>, other: Record<string, string>): boolean {
  return JSON.stringify(Object.entries(one).sort()) === JSON.stringify(Object.entries(other).sort())
}

/** Files and links by path; empty folders are nothing to Git. */
async function treeOf(directory: string, prefix = ''): Promise<Record<string, string>> {
  const tree: Record<string, string> = {}
  for (const entry of await readdir(directory, { withFileTypes: true })) {
    const at = join(directory, entry.name)
    if (entry.name === '.git') continue
    if (entry.isDirectory()) Object.assign(tree, await treeOf(at, `${prefix}${entry.name}/`))
    else tree[prefix + entry.name] = entry.isSymbolicLink() ? `→ ${await readlink(at)}` : await readFile(at, 'utf8')
  }
  return tree
}

async function committedTree(): Promise<Record<string, string>> {
  return await treeOf((await WorkingCopy.clone(ann.person, 'demo')).directory)
}
