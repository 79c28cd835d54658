// The keys that prove to clients which server this is: made once, kept in the home, never replaced behind the admin's back.
import { chmod, readFile, rename } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import ssh2, { type ParsedKey } from 'ssh2'
import type { Home } from '../../config/home.ts'
import { HostingError } from '../../errors/hosting-error.ts'
import { execOk } from '../../lib/exec.ts'
import { absentAsUndefined, ensureDirectory, syncDirectory } from '../../lib/files.ts'
import { createId } from '../../lib/id.ts'

interface Kind {
  readonly file: string
  /** For ssh-keygen(1). */
  readonly type: readonly string[]
}

const kinds: readonly Kind[] = [
  { file: 'ssh_host_ed25519_key', type: ['-t', 'ed25519'] },
  // 3072 bits: what a client without Ed25519 still finds sound (ssh-audit warns below that).
  { file: 'ssh_host_rsa_key', type: ['-t', 'rsa', '-b', '3072'] },
]

/** Reads the host keys of a home, making those that are missing. */
export async function ensureHostKeys(home: Home): Promise<ParsedKey[]> {
  await ensureDirectory(home.keys, 0o700)
  return await Promise.all(
    kinds.map(async ({ file, type }) => {
      const path = join(home.keys, file)
      return (await readKey(path)) ?? (await makeKey(path, type))
    }),
  )
}

async function readKey(path: string): Promise<ParsedKey | undefined> {
  const text = await absentAsUndefined(readFile(path, 'utf8'))
  if (text === undefined) return undefined
  await chmod(path, 0o600)
  return parsePrivateKey(text, path)
}

/** By OpenSSH's own program: 8 of 2,000 Ed25519 keys that ssh2 1.17 made could not be read again, not even by itself. */
async function makeKey(path: string, type: readonly string[]): Promise<ParsedKey> {
  const made = `${path}.${createId()}.tmp`
  await execOk('ssh-keygen', ['-q', ...type, '-N', '', '-C', 'hosting', '-f', made])
  const key = parsePrivateKey(await readFile(made, 'utf8'), path)
  await rename(`${made}.pub`, `${path}.pub`)
  await rename(made, path)
  await syncDirectory(dirname(path))
  return key
}

function parsePrivateKey(text: string, path: string): ParsedKey {
  const key = ssh2.utils.parseKey(text)
  if (!(key instanceof Error) && key.isPrivateKey()) return key
  throw new HostingError('unavailable', `The host key ${path} can't be read`, {
    hint: 'Put the file back from a backup. Or remove it: a new one is made, and every client will warn of a changed host.',
    ...(key instanceof Error ? { cause: key } : {}),
  })
}
