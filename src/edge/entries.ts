// Where a domain's requests come in: routes/<domain> by plain HTTP, secure/<domain> by HTTPS. Each leads straight to the instance, or to
// the domain's gate when something stands before the site: who has nothing there pays for nothing. gated/<domain> leads past the gate.
import { readdir, readlink, rm, unlink } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import type { Home } from '../config/home.ts'
import { absentAsUndefined, ensureDirectory, exists, leftoverLink, replaceSymlink } from '../lib/files.ts'
import { Turns } from '../lib/turns.ts'
import { type DomainName, readDomain } from '../names/domain-name.ts'
import { type Gates, gatesIn, isGated } from './gates.ts'

export interface Entries {
  /** Leads a domain to a directory of home.instances, past its gate. */
  lead(domain: DomainName, target: string): Promise<void>
  /** Changes what stands before a domain, and leads its requests there or past it. */
  change(domain: DomainName, work: (gates: Gates) => Promise<void>): Promise<void>
  remove(domain: DomainName): Promise<void>
  /** The directory of home.instances that each domain leads to. */
  list(): Promise<Map<string, string>>
  /** Removes what a crash left, and completes what an earlier version made. */
  clean(): Promise<void>
  readonly gates: Gates
}

/** @param toHttps whether plain requests for a domain that has a certificate are sent to HTTPS */
export function entriesIn(home: Home, { toHttps }: { toHttps: boolean }): Entries {
  // Several write to one domain: a deploy, a command, a certificate that was issued.
  const turns = new Turns<DomainName>()
  const gates = gatesIn(home)
  const trees = [home.gated, home.routes, home.secure]

  const place = async (domain: DomainName, given?: string) => {
    await keepHttps(domain)
    const target = given ?? (await targetOf(domain))
    if (target === undefined) return
    const files = await gates.of(domain)
    const [past, gate] = [join('..', 'instances', target), join('..', 'gates', domain)]
    await replaceSymlink(join(home.gated, domain), past)
    await replaceSymlink(join(home.routes, domain), isGated(files, 'plain') ? gate : past)
    await replaceSymlink(join(home.secure, domain), isGated(files, 'secure') ? gate : past)
  }
  const keepHttps = async (domain: DomainName) => {
    const isWanted = toHttps && (await exists(join(home.tls, domain)))
    if (isWanted !== (await gates.of(domain)).has('https'))
      await (isWanted ? gates.put(domain, 'https') : gates.take(domain, 'https'))
  }
  /** Homes of earlier versions have routes/ alone. */
  const targetOf = async (domain: string) =>
    (await instanceBehind(join(home.gated, domain))) ?? (await instanceBehind(join(home.routes, domain)))

  return {
    gates,
    lead: (domain, target) => turns.take(domain, () => place(domain, target)),
    change: (domain, work) =>
      turns.take(domain, async () => {
        await work(gates)
        await place(domain)
      }),
    remove: (domain) =>
      turns.take(domain, async () => {
        for (const tree of trees.toReversed()) await absentAsUndefined(unlink(join(tree, domain)))
        await gates.remove(domain)
      }),
    async list() {
      const domains = (await readdir(home.routes)).filter((name) => !leftoverLink.test(name))
      const found = await Promise.all(domains.map(async (name) => [name, (await targetOf(name)) ?? ''] as const))
      return new Map(found)
    },
    async clean() {
      for (const tree of trees) await removeLeftovers(tree)
      const done = new Set(await readdir(home.gated))
      const missing = (await readdir(home.routes)).filter((name) => !done.has(name)).map(readDomain)
      for (const domain of missing) await turns.take(domain, () => place(domain))
    },
  }
}

async function instanceBehind(path: string): Promise<string | undefined> {
  const target = await absentAsUndefined(readlink(path))
  return target !== undefined && basename(dirname(target)) === 'instances' ? basename(target) : undefined
}

/** What a crash in the middle of a switch left. */
async function removeLeftovers(tree: string): Promise<void> {
  await ensureDirectory(tree, 0o710)
  const names = (await readdir(tree)).filter((name) => leftoverLink.test(name))
  await Promise.all(names.map((name) => rm(join(tree, name), { force: true })))
}
