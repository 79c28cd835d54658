import { mkdir, mkdtemp, readdir, readlink, rm, symlink } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { type Home, homeAt } from '../../../src/config/home.ts'
import { tlsTreeIn } from '../../../src/edge/tls-tree.ts'
import { createId } from '../../../src/lib/id.ts'

let home: Home
const [first, second] = [createId(), createId()]

const treeIn = (at: Home) => tlsTreeIn(at, async () => {})

beforeEach(async () => {
  home = homeAt(await mkdtemp(join(tmpdir(), 'tls-tree-')))
  await mkdir(home.tls)
})
afterEach(async () => {
  await rm(home.root, { recursive: true })
})

describe('the tree of certificates', () => {
  it('serves a name with a certificate, and with the next one', async () => {
    const tree = treeIn(home)
    await tree.serve('example.org', first)
    await tree.serve('example.org', second)
    await tree.serve('*.example.org', first)
    expect(await readlink(join(home.tls, 'example.org'))).toBe(`../certs/${second}`)
    expect(await tree.list()).toEqual(
      new Map([
        ['*.example.org', first],
        ['example.org', second],
      ]),
    )
  })

  it('forgets a name, also one it never knew', async () => {
    const tree = treeIn(home)
    await tree.serve('example.org', first)
    await tree.withdraw('example.org')
    await tree.withdraw('example.org')
    expect(await tree.list()).toEqual(new Map())
  })

  it('does not count what a crash left, and cleans it', async () => {
    const tree = treeIn(home)
    await tree.serve('example.org', first)
    await symlink('../certs/x', join(home.tls, `example.org.${createId()}.tmp`))
    expect([...(await tree.list()).keys()]).toEqual(['example.org'])
    await tree.clean()
    expect(await readdir(home.tls)).toEqual(['example.org'])
  })

  it.each(['', '..', 'a/b.org', '*', '*.*.org', 'www.*.org', '*.org/x'])('takes no %j for a name', async (name) => {
    await expect(treeIn(home).serve(name, first)).rejects.toThrow()
    expect(await readdir(home.tls)).toEqual([])
  })

  it.each(['..', '../..', '', 'UPPER'])('takes no %j for a certificate', async (id) => {
    await expect(treeIn(home).serve('example.org', id)).rejects.toThrow()
    expect(await readdir(home.tls)).toEqual([])
  })
})
