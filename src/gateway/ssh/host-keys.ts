// The keys that prove to clients which server this is: made once, kept in the home, never replaced behind the admin's back.
import { chmod, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import ssh2, { type ParsedKey } from 'ssh2'
import type { Home } from '../../config/home.ts'
import { HostingError } from '../../errors/hosting-error.ts'
import { absentAsUndefined, ensureDirectory, writeFileAtomic } from '../../lib/files.ts'

type Done = (error: Error | null, pair: { private: string; public: string }) => void

const comment = 'hosting'
const kinds = [
  { file: 'ssh_host_ed25519_key', generate: (done: Done) => ssh2.utils.generateKeyPair('ed25519', { comment }, done) },
  // 3072 bits: what a client without Ed25519 still finds sound (ssh-audit warns below that).
  {
    file: 'ssh_host_rsa_key',
    generate: (done: Done) => ssh2.utils.generateKeyPair('rsa', { bits: 3072, comment }, done),
  },
]

/** Reads the host keys of a home, making those that are missing. */
export async function ensureHostKeys(home: Home): Promise<ParsedKey[]> {
  await ensureDirectory(home.keys, 0o700)
  return await Promise.all(
    kinds.map(async ({ file, generate }) => {
      const path = join(home.keys, file)
      return (await readKey(path)) ?? (await makeKey(path, generate))
    }),
  )
}

async function readKey(path: string): Promise<ParsedKey | undefined> {
  const text = await absentAsUndefined(readFile(path, 'utf8'))
  if (text === undefined) return undefined
  await chmod(path, 0o600)
  return parsePrivateKey(text, path)
}

async function makeKey(path: string, generate: (done: Done) => void): Promise<ParsedKey> {
  const pair = await new Promise<Parameters<Done>[1]>((resolve, reject) => {
    generate((error, made) => {
      if (error) reject(error)
      else resolve(made)
    })
  })
  const key = parsePrivateKey(pair.private, path)
  await writeFileAtomic(`${path}.pub`, `${pair.public}\n`, 0o644)
  await writeFileAtomic(path, pair.private, 0o600)
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
