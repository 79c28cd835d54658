// Certificates on the disk: <home>/certs/<id>/{fullchain.pem,privkey.pem}. A directory is there whole or not at all, and never changed.
import { chmod, chown, mkdir, readdir, rename, stat } from 'node:fs/promises'
import { join } from 'node:path'
import type { Home } from '../config/home.ts'
import { absentAsUndefined, ensureDirectory, exists, removeTree, syncDirectory, writeFileAtomic } from '../lib/files.ts'
import { idSchema } from '../lib/id.ts'

export interface CertificateFiles {
  /** Idempotent: what is there already stays. @throws what the disk says (ENOSPC); nothing has changed then */
  write(id: string, content: { fullchain: string; privateKey: string }): Promise<void>
  has(id: string): Promise<boolean>
  fullchainOf(id: string): string
  remove(id: string): Promise<void>
  /** Removes what no certificate of `known` is and is older than a time: leavings of a crash, and of destroyed sites. */
  sweep(known: ReadonlySet<string>, before: Date): Promise<void>
}

/** @param groupId of the workers of the edge, which read the keys; undefined: of whoever runs the platform */
export function certificateFilesIn({ certificates }: Pick<Home, 'certificates'>, groupId?: number): CertificateFiles {
  const pathOf = (id: string) => join(certificates, idSchema.parse(id))
  return {
    async write(id, content) {
      await ensureDirectory(certificates, 0o711)
      if (await exists(pathOf(id))) return
      const made = `${pathOf(id)}.new`
      try {
        await writeWhole(made, content, groupId)
        await rename(made, pathOf(id))
      } catch (error) {
        await removeTree(made)
        throw error
      }
      await syncDirectory(certificates)
    },
    has: async (id) => (await absentAsUndefined(stat(join(pathOf(id), 'privkey.pem')))) !== undefined,
    fullchainOf: (id) => join(pathOf(id), 'fullchain.pem'),
    remove: (id) => removeTree(pathOf(id)),
    async sweep(known, before) {
      const names = (await absentAsUndefined(readdir(certificates))) ?? []
      for (const name of names.filter((each) => isOurs(each) && !known.has(each))) {
        const path = join(certificates, name)
        const found = await absentAsUndefined(stat(path))
        if (found !== undefined && found.mtime < before) await removeTree(path)
      }
    },
  }
}

async function writeWhole(
  directory: string,
  { fullchain, privateKey }: { fullchain: string; privateKey: string },
  groupId: number | undefined,
): Promise<void> {
  await removeTree(directory)
  await mkdir(directory, { mode: 0o750 })
  await writeFileAtomic(join(directory, 'fullchain.pem'), fullchain, 0o640)
  await writeFileAtomic(join(directory, 'privkey.pem'), privateKey, 0o640)
  for (const path of [join(directory, 'fullchain.pem'), join(directory, 'privkey.pem'), directory])
    if (groupId !== undefined) await chown(path, -1, groupId)
  // By chmod: a umask of the platform takes nothing away.
  await chmod(directory, 0o750)
}

/** An id, or one that was being written. Files of others (the local CA) are none of ours. */
function isOurs(name: string): boolean {
  return idSchema.safeParse(name.replace(/\.new$/, '')).success
}
