import { mkdir, mkdtemp, readdir, readlink, rm, stat, symlink } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { type Home, homeAt } from '../../../src/config/home.ts'
import { routesIn } from '../../../src/edge/routes.ts'
import { createId } from '../../../src/lib/id.ts'
import { parseHostName } from '../../../src/names/host-name.ts'

let home: Home
const [first, second] = [createId(), createId()]
const domain = parseHostName('example.org')

beforeEach(async () => {
  home = homeAt(await mkdtemp(join(tmpdir(), 'routes-')))
  for (const path of [home.routes, home.secure, home.gated, home.instances]) await mkdir(path)
})
afterEach(async () => {
  await rm(home.root, { recursive: true })
})

describe('the routing tree', () => {
  it('points a domain at an instance, and at another one', async () => {
    const routes = routesIn(home)
    await routes.point(domain, first)
    await routes.point(domain, second)
    expect(await readlink(join(home.routes, domain))).toBe(`../instances/${second}`)
    expect(await routes.list()).toEqual(new Map([[domain, second]]))
  })

  it('parks a domain in an empty directory', async () => {
    const routes = routesIn(home)
    await routes.point(domain, first)
    await routes.park(domain)
    expect((await stat(join(home.routes, domain))).isDirectory()).toBe(true)
    expect(await readdir(join(home.routes, domain))).toEqual([])
    expect(await routes.list()).toEqual(new Map([[domain, undefined]]))
  })

  it('forgets a domain, also one it never knew', async () => {
    const routes = routesIn(home)
    await routes.park(domain)
    await routes.remove(domain)
    await routes.remove(domain)
    expect(await routes.list()).toEqual(new Map())
  })

  it('does not count what a crash left, and cleans it', async () => {
    const routes = routesIn(home)
    await routes.point(domain, first)
    await symlink('../instances/x', join(home.routes, `${domain}.${createId()}.tmp`))
    expect([...(await routes.list()).keys()]).toEqual([domain])
    await routes.clean()
    expect(await readdir(home.routes)).toEqual([domain])
  })

  it.each(['..', '../..', 'parked/..', '', 'UPPER'])('refuses to point anywhere but at an instance: %j', async (id) => {
    await expect(routesIn(home).point(domain, id)).rejects.toThrow()
    expect(await readdir(home.routes)).toEqual([])
  })
})
