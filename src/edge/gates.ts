// What stands before a site, a file each in gates/<domain>/, tested by nginx (nginx-gate.ts) and by nobody's code at a request.
import { readdir, readFile, readlink, rm } from 'node:fs/promises'
import { basename, join } from 'node:path'
import type { Home } from '../config/home.ts'
import { absentAsUndefined, ensureDirectory, removeTree, replaceSymlink, writeFileAtomic } from '../lib/files.ts'
import type { DomainName } from '../names/domain-name.ts'
import type { HostName } from '../names/host-name.ts'

/** `https`: plain requests are sent there. `redirect`: a link `to/<name>`, whose last part nginx reads. `htpasswd`: who may enter. */
export const gateFiles = ['https', 'hsts', 'maintenance', 'redirect', 'htpasswd'] as const
export type GateFile = (typeof gateFiles)[number]

/** Which of them matter to a request that came in by plain HTTP, and by HTTPS. */
const mattersTo = {
  plain: ['redirect', 'https', 'maintenance', 'htpasswd'],
  secure: ['redirect', 'hsts', 'maintenance', 'htpasswd'],
} as const satisfies Record<string, readonly GateFile[]>

export interface Gates {
  list(): Promise<ReadonlySet<string>>
  /** What stands before a domain. */
  of(domain: DomainName): Promise<ReadonlySet<GateFile>>
  put(domain: DomainName, file: Exclude<GateFile, 'redirect' | 'htpasswd'>): Promise<void>
  putRedirect(domain: DomainName, target: HostName): Promise<void>
  redirectOf(domain: DomainName): Promise<string | undefined>
  putPasswords(domain: DomainName, htpasswd: string): Promise<void>
  passwordsOf(domain: DomainName): Promise<string | undefined>
  take(domain: DomainName, file: GateFile): Promise<void>
  remove(domain: DomainName): Promise<void>
}

export function gatesIn({ gates }: Pick<Home, 'gates'>): Gates {
  const pathOf = (domain: DomainName, file: string) => join(gates, domain, file)
  return {
    list: async () => new Set((await absentAsUndefined(readdir(gates))) ?? []),
    async of(domain) {
      const names = new Set((await absentAsUndefined(readdir(join(gates, domain)))) ?? [])
      return new Set(gateFiles.filter((file) => names.has(file)))
    },
    async put(domain, file) {
      await ensureGate(join(gates, domain))
      await writeFileAtomic(pathOf(domain, file), '')
    },
    async putRedirect(domain, target) {
      await ensureGate(join(gates, domain))
      // A directory that is there: nginx asks the kernel where the link leads (realpath(3)).
      await ensureDirectory(pathOf(domain, join('to', target)), 0o755)
      await replaceSymlink(pathOf(domain, 'redirect'), join('to', target))
    },
    async redirectOf(domain) {
      const target = await absentAsUndefined(readlink(pathOf(domain, 'redirect')))
      return target === undefined ? undefined : basename(target)
    },
    async putPasswords(domain, htpasswd) {
      await ensureGate(join(gates, domain))
      await writeFileAtomic(pathOf(domain, 'htpasswd'), htpasswd)
    },
    passwordsOf: (domain) => absentAsUndefined(readFile(pathOf(domain, 'htpasswd'), 'utf8')),
    take: (domain, file) => rm(pathOf(domain, file), { force: true }),
    remove: (domain) => removeTree(join(gates, domain)),
  }
}

/** The file `gate` tells nginx that this is no instance. The directory's group, which workers are in, comes from the one above. */
async function ensureGate(path: string): Promise<void> {
  await ensureDirectory(path, 0o2750)
  await writeFileAtomic(join(path, 'gate'), '')
}

export function isGated(files: ReadonlySet<GateFile>, way: 'plain' | 'secure'): boolean {
  return mattersTo[way].some((file) => files.has(file))
}
