// The routing tree: routes/<domain> → ../instances/<id>. It is a projection of the database: nothing here is the truth.
import { readdir, readlink, rm, unlink } from 'node:fs/promises'
import { basename, join } from 'node:path'
import type { Home } from '../config/home.ts'
import { absentAsUndefined, ensureDirectory, leftoverLink, replaceSymlink } from '../lib/files.ts'
import { idSchema } from '../lib/id.ts'
import type { Routes } from './types.ts'

/** Directories beside the instances that serve nothing. The directory `stopped` in one of them is what nginx looks for. */
const parked = { 'not-deployed': 'parked', stopped: 'stopped' } as const
const nothing: readonly string[] = Object.values(parked)

export interface RoutingTree extends Routes {
  /** Removes what a crash in the middle of a switch left behind. */
  clean(): Promise<void>
}

export function routesIn(home: Home): RoutingTree {
  const pathOf = (domain: string) => join(home.routes, domain)
  return {
    async point(domain, instanceId) {
      await replaceSymlink(pathOf(domain), join('..', 'instances', idSchema.parse(instanceId)))
    },
    async park(domain, why = 'not-deployed') {
      await ensureDirectory(join(home.instances, parked[why]), 0o711)
      if (why === 'stopped') await ensureDirectory(join(home.instances, parked.stopped, 'stopped'), 0o711)
      await replaceSymlink(pathOf(domain), join('..', 'instances', parked[why]))
    },
    async remove(domain) {
      await absentAsUndefined(unlink(pathOf(domain)))
    },
    async list() {
      const domains = (await readdir(home.routes)).filter((name) => !leftoverLink.test(name))
      return new Map(await Promise.all(domains.map(async (name) => [name, await targetOf(pathOf(name))] as const)))
    },
    async clean() {
      const names = (await readdir(home.routes)).filter((name) => leftoverLink.test(name))
      await Promise.all(names.map((name) => rm(pathOf(name), { force: true })))
    },
  }
}

async function targetOf(path: string): Promise<string | undefined> {
  const target = await absentAsUndefined(readlink(path))
  return target === undefined || nothing.includes(basename(target)) ? undefined : basename(target)
}
