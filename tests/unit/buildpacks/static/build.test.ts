import { mkdir, mkdtemp, readdir, readFile, rm, stat } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { brotliDecompressSync } from 'node:zlib'
import { pack } from 'tar-stream'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { build } from '../../../../src/buildpacks/build.ts'
import type { BuildRequest } from '../../../../src/buildpacks/types.ts'
import type { BuildResult } from '../../../../src/runtime/runtime.ts'
import { buildRequest, type Tree, writeTree } from '../../../helpers/static-site.ts'

let home: string
let count = 0
beforeEach(async () => {
  home = await mkdtemp(join(tmpdir(), 'build-static-'))
})
afterEach(async () => {
  await rm(home, { recursive: true })
})

async function checkout(tree: Tree): Promise<string> {
  const directory = join(home, `release${count++}`)
  await mkdir(directory)
  await writeTree(join(directory, 'tree'), tree)
  return directory
}

async function buildTree(tree: Tree, more: Partial<BuildRequest> = {}) {
  const directory = await checkout(tree)
  const built = await build(buildRequest(directory, more))
  return { directory, ...built, edge: (await readdir(join(directory, 'edge'))).sort() }
}

describe('document root', () => {
  it.each<[string, Tree, { edge: string[]; note: string }]>([
    [
      'the whole tree',
      { 'index.html': '', 'assets/a.css': '' },
      { edge: ['assets', 'index.html'], note: 'document root: the whole tree' },
    ],
    [
      'a folder with an index page',
      { 'public/index.html': '', 'README.md': '' },
      { edge: ['index.html'], note: 'document root public/ (it has an index page)' },
    ],
    [
      'the older name of the page',
      { 'htdocs/index.htm': '' },
      { edge: ['index.htm', 'index.html'], note: 'document root htdocs/ (it has an index page)' },
    ],
    [
      'the first of several',
      { 'dist/index.html': '', 'www/index.html': '', 'www/x.html': '' },
      { edge: ['index.html'], note: 'document root dist/ (it has an index page)' },
    ],
    [
      'no folder of assets',
      { 'index.html': '', 'public/logo.svg': '' },
      { edge: ['index.html', 'public'], note: 'document root: the whole tree' },
    ],
    [
      'what hosting.toml says',
      { 'hosting.toml': 'root = "a/b"', 'a/b/x.html': '', 'index.html': '' },
      { edge: ['x.html'], note: 'document root a/b' },
    ],
    [
      'the tree, when hosting.toml says so',
      { 'hosting.toml': 'root = "."', 'public/index.html': '', 'x.html': '' },
      { edge: ['public', 'x.html'], note: 'document root .' },
    ],
  ])('is %s', async (_, tree, { edge, note }) => {
    expect(await buildTree(tree)).toMatchObject({ edge, notes: [note] })
  })

  it.each<[string, Tree]>([
    ['is missing', { 'hosting.toml': 'root = "site"', 'index.html': '' }],
    ['is a file', { 'hosting.toml': 'root = "site"', site: '', 'index.html': '' }],
    ['is a link out of the tree', { 'hosting.toml': 'root = "site"', site: { link: '/etc' }, 'index.html': '' }],
  ])('is refused when it %s', async (_, tree) => {
    await expect(buildTree(tree)).rejects.toMatchObject({ code: 'invalid-site-config' })
  })
})

describe('build', () => {
  it('tells what it did', async () => {
    const built = await buildTree({
      'index.html': '',
      _redirects: '/a /b\n',
      _headers: '/x\n  X-A: 1\n  X-B: 2\n',
      'x.php': '<?php',
      'out.html': { link: '/etc/passwd' },
      'hosting.toml': 'buildpack = "static"\n[health]\npath = "/up"\ntimeout = "5s"\n',
    })
    expect(built).toMatchObject({
      buildpack: 'static',
      image: 'static',
      health: { path: '/up', timeoutMs: 5000 },
      edge: ['index.html'],
      notes: [
        'document root: the whole tree',
        '1 redirect',
        '2 headers',
        '1 symbolic link not followed: out of the document root, or to nothing',
        '1 PHP file not served: this is a static site',
      ],
    })
  })

  it.each(['index.html/x', 'n'.repeat(300), `${'n/'.repeat(1900)}x`])(
    'does not follow a link to %.20s',
    async (link) => {
      const built = await buildTree({ 'index.html': '', 'out.html': { link } })
      expect(built).toMatchObject({ edge: ['index.html'] })
      expect(built.notes.join()).toContain('1 symbolic link not followed')
    },
  )

  it('notes a page for status 404 or 410 that does not exist', async () => {
    const rules =
      '/a /none 410\n/b /there 404\n/c /folder 410!\n/d/* /e/:splat 404\n/own 410\n/x/* 404!\n/f /no.html 404\n'
    const tree = { 'public/index.html': '', 'public/there.html': '', 'public/folder/index.html': '' }
    const { notes } = await buildTree({ ...tree, 'public/_redirects': rules })
    expect(notes.slice(2)).toEqual([
      'public/_redirects:1: the page /none, to be shown with status 410, does not exist',
      'public/_redirects:7: the page /no.html, to be shown with status 404, does not exist',
    ])
  })

  it('lists the mistakes of both files of rules at once', async () => {
    const tree = { 'public/index.html': '', 'public/_redirects': 'x\n', 'public/_headers': '\nX: 1\n' }
    await expect(buildTree(tree)).rejects.toMatchObject({
      code: 'invalid-site-config',
      message: 'There are 2 mistakes in public/_redirects, public/_headers',
      details: [
        'public/_redirects:1: the path "x" must start with "/"',
        'public/_headers:2: a header stands before any path',
      ],
    })
  })

  it('shows a hint below the line that it is about, and a general one at the end', async () => {
    await expect(buildTree({ 'index.html': '', _redirects: '/a\n/loop/* /loop/:splat\n' })).rejects.toMatchObject({
      details: [
        '_redirects:1: there is no target: a path that starts with "/", or an http(s) URL',
        '_redirects:2: the rule redirects to itself for ever: its target is the path that it is for',
        '  → Remove the rule, or give it another target.',
      ],
      hint: 'Correct what is listed, commit, and push again.',
    })
    await expect(buildTree({ 'index.html': '', _redirects: '/x/* /x/:splat\n' })).rejects.toMatchObject({
      details: ['_redirects:1: the rule redirects to itself for ever: its target is the path that it is for'],
      hint: 'Remove the rule, or give it another target.',
    })
  })

  it('knows nothing to do with nothing to show', async () => {
    await expect(buildTree({ 'README.md': '' })).rejects.toMatchObject({ code: 'invalid-tree' })
  })

  it('compresses text over 1 kB beside the original, with its time, and keeps what was supplied', async () => {
    const text = 'text '.repeat(1000)
    const { directory, edge } = await buildTree({
      'index.html': 'short',
      'a.css': text,
      'b.js': text,
      'b.js.gz': 'supplied',
      'c.png': text,
      'ruled.svg': text,
      _headers: '/ruled.svg\n  X-A: 1\n',
    })
    expect(edge).toEqual(['a.css', 'a.css.br', 'a.css.gz', 'b.js', 'b.js.br', 'b.js.gz', 'c.png', 'index.html'])
    expect((await readdir(join(directory, 'ruled'))).sort()).toEqual(['ruled.svg', 'ruled.svg.br', 'ruled.svg.gz'])
    expect(await readFile(join(directory, 'edge/b.js.gz'), 'utf8')).toBe('supplied')
    const [original, variant] = await Promise.all(
      ['a.css', 'a.css.br'].map((name) => stat(join(directory, 'edge', name))),
    )
    expect(Math.floor(variant!.mtimeMs / 1000)).toBe(Math.floor(original!.mtimeMs / 1000))
    expect(await readdir(join(directory, 'tree'))).not.toContain('a.css.gz')
  })
})

it('compresses many files in threads of their own', async () => {
  const files = Object.fromEntries(Array.from({ length: 60 }, (_, index) => [`${index}.txt`, `${index} `.repeat(1000)]))
  const { directory, edge } = await buildTree({ 'index.html': '', ...files })
  expect(edge).toHaveLength(60 * 3 + 1)
  const variant = await readFile(join(directory, 'edge/59.txt.br'))
  expect(brotliDecompressSync(variant).toString()).toBe('59 '.repeat(1000))
})

describe('build command', () => {
  const source = {
    'hosting.toml': '[build]\ncommand = "make it"\n',
    'public/index.html': 'source',
    'package.json': '{}',
  }

  function builder(output: Record<string, string>, more: Partial<BuildResult> = {}) {
    const seen: { spec?: Parameters<BuildRequest['runBuild']>[0]; disposed: number } = { disposed: 0 }
    const runBuild: BuildRequest['runBuild'] = async (spec) => {
      seen.spec = spec
      spec.output('line one')
      spec.output('line two')
      return {
        exitCode: 0,
        output: async () => {
          const tar = pack()
          for (const [name, content] of Object.entries(output)) tar.entry({ name }, content)
          tar.finalize()
          // @ts-expect-error streamx and Node name their streams' types differently
          const stream: NodeJS.ReadableStream = tar
          return stream
        },
        dispose: async () => {
          seen.disposed++
        },
        ...more,
      }
    }
    return { seen, runBuild }
  }

  it('publishes what the command made, and leaves the commit as it was', async () => {
    const { seen, runBuild } = builder({ 'public/index.html': 'source', 'build/index.html': 'made', 'src/x.js': '' })
    const printed: string[] = []
    const { directory, edge, notes } = await buildTree(source, { runBuild, print: (line) => printed.push(line) })
    expect(edge).toEqual(['index.html'])
    expect(notes).toEqual(['document root build/ (it has an index page)'])
    expect(await readFile(join(directory, 'edge/index.html'), 'utf8')).toBe('made')
    expect(await readFile(join(directory, 'tree/public/index.html'), 'utf8')).toBe('source')
    expect(seen).toMatchObject({ disposed: 1, spec: { buildpack: 'static', env: { BUILD_COMMAND: 'make it' } } })
    expect(printed).toEqual(['-----> Building: make it', '       line one', '       line two'])
  })

  it.each([
    [{ exitCode: 2 }, 'it ended with exit status 2'],
    [{ exitCode: 137, killed: 'memory' }, 'it used more memory than a build may'],
    [{ exitCode: 137, killed: 'timeout' }, 'it ran longer than a build may'],
  ] as const)('fails with the last lines: %j', async (result, text) => {
    const { seen, runBuild } = builder({}, result)
    await expect(buildTree(source, { runBuild })).rejects.toMatchObject({
      code: 'build-failed',
      message: `The build command "make it" failed: ${text}`,
      details: ['line one', 'line two'],
    })
    expect(seen.disposed).toBe(1)
  })

  it('keeps the ETags of files that came out the same', async () => {
    const first = await buildTree(source, {
      runBuild: builder({ 'dist/index.html': 'same', 'dist/x.html': 'x1' }).runBuild,
    })
    const previous = { directory: first.directory, commit: 'c' }
    const { runBuild } = builder({ 'dist/index.html': 'same', 'dist/x.html': 'x2' })
    const second = await buildTree(source, { runBuild, previous, changedPaths: [] })
    const inode = async (directory: string, name: string) => (await stat(join(directory, 'edge', name))).ino
    expect(await inode(second.directory, 'index.html')).toBe(await inode(first.directory, 'index.html'))
    expect(await readFile(join(second.directory, 'edge/x.html'), 'utf8')).toBe('x2')
    expect(await readFile(join(first.directory, 'edge/x.html'), 'utf8')).toBe('x1')
  })
})
