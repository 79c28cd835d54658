// Which certificate a name is served with: tls/<name> → ../certs/<certificate id>, replaced by rename(2). nginx reads it at each full
// handshake. A projection of the database, as the routing tree is; a wildcard's link has the wildcard's own name.
import { readdir, readlink, rm, unlink } from 'node:fs/promises'
import { basename, join } from 'node:path'
import type { Home } from '../config/home.ts'
import { absentAsUndefined, ensureDirectory, leftoverLink, replaceSymlink } from '../lib/files.ts'
import { idSchema } from '../lib/id.ts'
import { type DomainName, domainNameSchema } from '../names/domain-name.ts'

export interface TlsTree {
  /** From then on new connections for the name get this certificate: `home/certs/<id>` has to be whole on the disk by now. */
  serve(domain: string, certificateId: string): Promise<void>
  /** Handshakes for the name are refused from then on. Idempotent. */
  withdraw(domain: string): Promise<void>
  /** The certificate of each name. */
  list(): Promise<Map<string, string>>
  /** Removes what a crash in the middle of a switch left behind. */
  clean(): Promise<void>
}

/** @param changed is told of each name that has got its first certificate or lost its last: plain requests may have to go elsewhere now */
export function tlsTreeIn({ tls }: Pick<Home, 'tls'>, changed: (domain: DomainName) => Promise<void>): TlsTree {
  return {
    async serve(domain, certificateId) {
      const name = domainNameSchema.parse(domain)
      await replaceSymlink(join(tls, name), join('..', 'certs', idSchema.parse(certificateId)))
      await changed(name)
    },
    async withdraw(domain) {
      const name = domainNameSchema.parse(domain)
      await absentAsUndefined(unlink(join(tls, name)))
      await changed(name)
    },
    async list() {
      const names = (await namesIn(tls)).filter((name) => !leftoverLink.test(name))
      const found = await Promise.all(
        names.map(async (name) => [name, basename(await readlink(join(tls, name)))] as const),
      )
      return new Map(found)
    },
    async clean() {
      await ensureDirectory(tls, 0o710)
      const names = (await namesIn(tls)).filter((name) => leftoverLink.test(name))
      await Promise.all(names.map((name) => rm(join(tls, name), { force: true })))
    },
  }
}

async function namesIn(tls: string): Promise<string[]> {
  return (await absentAsUndefined(readdir(tls))) ?? []
}
