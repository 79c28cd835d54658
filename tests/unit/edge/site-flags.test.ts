// Where a domain's requests come in, and what stands before it: links and files that nginx tests.
import { mkdir, mkdtemp, readdir, readlink, rm, stat } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { basename, dirname, join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { type Home, homeAt } from '../../../src/config/home.ts'
import { type Entries, entriesIn } from '../../../src/edge/entries.ts'
import { routesIn } from '../../../src/edge/routes.ts'
import { type SiteFlags, siteFlagsOf } from '../../../src/edge/site-flags.ts'
import { tlsTreeIn } from '../../../src/edge/tls-tree.ts'
import { createId } from '../../../src/lib/id.ts'
import { readDomain } from '../../../src/names/domain-name.ts'
import { parseHostName } from '../../../src/names/host-name.ts'

let home: Home
let entries: Entries
let flags: SiteFlags
const [first, second] = [createId(), createId()]
const domain = parseHostName('example.org')

beforeEach(async () => {
  home = homeAt(await mkdtemp(join(tmpdir(), 'flags-')))
  for (const path of [home.routes, home.secure, home.gated, home.gates, home.tls, home.instances]) await mkdir(path)
  entries = entriesIn(home, { toHttps: true })
  flags = siteFlagsOf(entries)
})
afterEach(async () => {
  await rm(home.root, { recursive: true })
})

/** Where each entry leads: `instances` or `gates`. */
async function ways(name: string = domain): Promise<string[]> {
  const targets = [home.routes, home.secure].map(async (tree) => basename(dirname(await readlink(join(tree, name)))))
  return await Promise.all(targets)
}

describe('a domain', () => {
  it('leads straight to its instance when nothing stands before it', async () => {
    await routesIn(home, entries).point(domain, first)
    expect(await ways()).toEqual(['instances', 'instances'])
    expect(await readdir(home.gates)).toEqual([])
  })

  it.each([
    ['maintenance', () => flags.setMaintenance(domain, 'on'), ['gates', 'gates']],
    ['a password', () => flags.setProtection(domain, 'me:x'), ['gates', 'gates']],
    ['a redirect', () => flags.setRedirect(domain, parseHostName('www.example.org')), ['gates', 'gates']],
    ['HSTS', () => flags.setHsts(domain, 'on'), ['instances', 'gates']],
  ])('leads to its gate with %s, before and after a switch', async (_, set, expected) => {
    const routes = routesIn(home, entries)
    await routes.point(domain, first)
    await set()
    expect(await ways()).toEqual(expected)
    await routes.point(domain, second)
    expect(await ways()).toEqual(expected)
    expect(await routes.list()).toEqual(new Map([[domain, second]]))
    expect(await readlink(join(home.gated, domain))).toBe(`../instances/${second}`)
  })

  it('leads to its instance again when the last of it is taken away', async () => {
    await routesIn(home, entries).point(domain, first)
    await flags.setMaintenance(domain, 'on')
    await flags.setProtection(domain, 'me:x')
    await flags.setMaintenance(domain, 'off')
    expect(await ways()).toEqual(['gates', 'gates'])
    await flags.setProtection(domain, undefined)
    expect(await ways()).toEqual(['instances', 'instances'])
  })

  it('can have something before it that was set before it led anywhere', async () => {
    await flags.setMaintenance(domain, 'on')
    await routesIn(home, entries).park(domain)
    expect(await ways()).toEqual(['gates', 'gates'])
    expect(await routesIn(home, entries).list()).toEqual(new Map([[domain, undefined]]))
  })

  it('tells what stands before it', async () => {
    expect(await flags.of(domain)).toEqual({
      maintenance: false,
      hsts: false,
      protection: undefined,
      redirect: undefined,
    })
    await flags.setHsts(domain, 'on')
    await flags.setProtection(domain, 'me:x')
    await flags.setRedirect(domain, parseHostName('a.example'))
    await flags.setRedirect(domain, parseHostName('b.example'))
    expect(await flags.of(domain)).toEqual({
      maintenance: false,
      hsts: true,
      protection: 'me:x',
      redirect: 'b.example',
    })
    expect((await stat(join(home.gates, domain, 'htpasswd'))).mode & 0o777).toBe(0o640)
  })

  it('is sent to HTTPS from its first certificate to its last', async () => {
    const tree = tlsTreeIn(home, (name) => entries.change(name, async () => {}))
    await routesIn(home, entries).point(domain, first)
    await tree.serve(domain, createId())
    expect(await ways()).toEqual(['gates', 'instances'])
    await tree.withdraw(domain)
    expect(await ways()).toEqual(['instances', 'instances'])
  })

  it('is not sent to HTTPS in a trial run, whose certificates nobody trusts', async () => {
    const trial = entriesIn(home, { toHttps: false })
    await routesIn(home, trial).point(domain, first)
    await tlsTreeIn(home, (name) => trial.change(name, async () => {})).serve(domain, createId())
    expect(await ways()).toEqual(['instances', 'instances'])
  })

  it('may be a wildcard', async () => {
    const wildcard = readDomain('*.example.org')
    await routesIn(home, entries).point(wildcard, first)
    await flags.setHsts(wildcard, 'on')
    expect(await ways(wildcard)).toEqual(['instances', 'gates'])
  })

  it('takes what stood before it along when it goes', async () => {
    const routes = routesIn(home, entries)
    await routes.point(domain, first)
    await flags.setProtection(domain, 'me:x')
    await routes.remove(domain)
    await routes.point(domain, first)
    expect(await ways()).toEqual(['instances', 'instances'])
    expect(await readdir(home.gates)).toEqual([])
  })

  it('of an earlier version, which had one tree, gets the others at the start', async () => {
    const routes = routesIn(home, entries)
    await routes.point(domain, first)
    await rm(join(home.gated, domain))
    await rm(join(home.secure, domain))
    expect(await routes.list()).toEqual(new Map([[domain, first]]))
    await routes.clean()
    expect(await ways()).toEqual(['instances', 'instances'])
    expect(await readlink(join(home.gated, domain))).toBe(`../instances/${first}`)
  })

  it('keeps both of two changes at once', async () => {
    await routesIn(home, entries).point(domain, first)
    await Promise.all([flags.setMaintenance(domain, 'on'), routesIn(home, entries).point(domain, second)])
    expect(await ways()).toEqual(['gates', 'gates'])
    expect(await readlink(join(home.gated, domain))).toBe(`../instances/${second}`)
  })
})
