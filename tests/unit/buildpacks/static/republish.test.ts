// Publishing only what changed must come to the same as publishing everything.
import { cp, mkdir, mkdtemp, readdir, readFile, rm, stat } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { brotliDecompressSync } from 'node:zlib'
import fc from 'fast-check'
import { expect, it } from 'vitest'
import { build, prepareNext } from '../../../../src/buildpacks/build.ts'
import { buildRequest, type Tree, writeTree } from '../../../helpers/static-site.ts'

const text = 'words '.repeat(400)
const names = [
  'a',
  'a.html',
  'a.html.gz',
  'a.html.br',
  'a/index.html',
  'd/index.htm',
  'd/index.html',
  'd/x.css',
  'd/x.css.gz',
  'd',
  'ruled/x.js',
  'ruled/x.js.br',
  '.hidden',
  'p.php',
  '_redirects',
  '_headers',
  'e/f/g.svg',
  'link.html',
]
const filler: Tree = Object.fromEntries(Array.from({ length: 24 }, (_, index) => [`filler/${index}.png`, 'x']))
const rules: Tree = {
  'index.html': text,
  _headers: '/ruled/*\n  X-A: 1\n',
  _redirects: '',
  'hosting.toml': 'buildpack = "static"\n',
}

const content = fc.oneof(
  { weight: 3, arbitrary: fc.constantFrom(text, `${text}!`, 'short') },
  { weight: 2, arbitrary: fc.constant(undefined) },
)
const changes = fc.dictionary(fc.constantFrom(...names), content, { maxKeys: 6 })

/** A tree with changes made to it; what would be a file and a folder at once stays a file. */
function apply(tree: Tree, change: Record<string, string | undefined>): Tree {
  const next: Record<string, Tree[string]> = { ...tree }
  for (const [name, value] of Object.entries(change)) {
    if (value === undefined) Reflect.deleteProperty(next, name)
    else if (name === 'link.html') next[name] = { link: 'index.html' }
    else if (name === '_redirects') next[name] = `/x${value.length} /y\n`
    else if (name === '_headers') next[name] = value === 'short' ? '' : '/ruled/*\n  X-A: 1\n'
    else next[name] = value
  }
  const files = Object.keys(next)
  return Object.fromEntries(Object.entries(next).filter(([name]) => !files.some((file) => name.startsWith(`${file}/`))))
}

function differing(left: Tree, right: Tree): Buffer[] {
  const all = new Set([...Object.keys(left), ...Object.keys(right)])
  return [...all]
    .filter((name) => JSON.stringify(left[name]) !== JSON.stringify(right[name]))
    .map((name) => Buffer.from(name))
}

async function published(release: string): Promise<Record<string, string>> {
  const found: Record<string, string> = {}
  for (const part of ['edge', 'ruled']) {
    for (const name of await readdir(join(release, part), { recursive: true })) {
      const path = join(release, part, name)
      if ((await stat(path)).isFile()) found[`${part}/${name}`] = unpacked(name, await readFile(path))
    }
  }
  return found
}

/** How hard brotli tries depends on how much there is to do. */
function unpacked(name: string, content: Buffer): string {
  const supplied = content.toString()
  return name.endsWith('.br') && !/^(words|short)/.test(supplied) ? brotliDecompressSync(content).toString() : supplied
}

it('publishes the same from changes as from scratch, and never writes into the release before', async () => {
  const home = await mkdtemp(join(tmpdir(), 'republish-'))
  let count = 0
  const release = async (tree: Tree) => {
    const directory = join(home, `r${count++}`)
    await mkdir(directory)
    await writeTree(join(directory, 'tree'), tree)
    return directory
  }
  await fc.assert(
    fc.asyncProperty(changes, changes, fc.boolean(), async (one, two, ahead) => {
      const before = apply({ ...filler, ...rules }, one)
      const after = apply(before, two)
      const first = await release(before)
      await build(buildRequest(first))
      if (ahead) await prepareNext(first, new AbortController().signal)
      const kept = await published(first)
      const incremental = await release(after)
      const previous = { directory: first, commit: 'c' }
      await build(buildRequest(incremental, { previous, changedPaths: differing(before, after) }))
      const scratch = await release(after)
      await build(buildRequest(scratch))
      const whole = await release(after)
      await build(buildRequest(whole, { previous }))
      expect(await published(incremental)).toEqual(await published(scratch))
      expect(await published(whole)).toEqual(await published(scratch))
      expect(await published(first)).toEqual(kept)
      await Promise.all([first, incremental, scratch, whole].map((directory) => rm(directory, { recursive: true })))
    }),
    { numRuns: 10 },
  )
  await rm(home, { recursive: true })
}, 60_000)

it('takes the links that were made ahead, once', async () => {
  const home = await mkdtemp(join(tmpdir(), 'ahead-'))
  const big: Tree = Object.fromEntries(Array.from({ length: 1100 }, (_, index) => [`f/${index}.png`, 'x']))
  await writeTree(join(home, 'r0/tree'), { ...big, 'index.html': 'one' })
  await build(buildRequest(join(home, 'r0')))
  const signal = new AbortController().signal
  await prepareNext(join(home, 'r0'), signal)
  await prepareNext(join(home, 'r0'), signal)
  expect((await readdir(join(home, 'r0'))).sort()).toEqual([
    'edge',
    'next',
    'nginx.conf',
    'ruled',
    'static-build.json',
    'tree',
  ])
  for (const name of ['r1', 'r2']) {
    await mkdir(join(home, name))
    await cp(join(home, 'r0/tree'), join(home, name, 'tree'), { recursive: true })
    const previous = { directory: join(home, 'r0'), commit: 'c' }
    await build(buildRequest(join(home, name), { previous, changedPaths: [] }))
    expect((await readdir(join(home, name, 'edge'))).sort()).toEqual(['f', 'index.html'])
    expect((await readdir(join(home, name))).sort()).toEqual([
      'edge',
      'nginx.conf',
      'ruled',
      'static-build.json',
      'tree',
    ])
  }
  await rm(home, { recursive: true })
}, 30_000)
