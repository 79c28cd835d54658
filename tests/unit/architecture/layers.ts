// Which part of src/ may import which: only what stands below it. Parts on one level don't know each other.
import type { Import, Source } from './sources.ts'

const levels: readonly (readonly string[])[] = [
  ['main.ts', 'cli.ts', 'platform.ts', 'banner.ts', 'ports.ts', 'ready.ts'],
  ['gateway'],
  ['commands'],
  ['phpmyadmin'],
  ['deploy'],
  ['buildpacks', 'data', 'git', 'runtime', 'edge', 'certs'],
  ['access'],
  ['store'],
  ['privileged'],
  ['config'],
  ['names', 'errors'],
  ['lib'],
]
/** What a part may import besides, and why. */
const exceptions: readonly { from: RegExp; to: RegExp; typeOnly?: boolean; why: string }[] = [
  { from: /^src\/buildpacks\//, to: /^src\/runtime\/runtime\.ts$/, typeOnly: true, why: 'what a confined build gives' },
  { from: /^src\/data\//, to: /^src\/runtime\/runtime\.ts$/, typeOnly: true, why: 'what runs servers and programs' },
  { from: /^src\/names\//, to: /^src\/errors\//, why: 'a name that is refused is an error for the user' },
]
/** Modules with one owner each. */
const owners: readonly { module: RegExp; owner: RegExp }[] = [
  { module: /^dockerode$/, owner: /^src\/runtime\/docker\// },
  { module: /^(better-sqlite3|kysely)$/, owner: /^src\/store\// },
  // Processes are started by lib/posix/spawn.ts, and only lib/exec.ts asks for that.
  { module: /^(node:)?child_process$/, owner: /^$/ },
  { module: /^(nodemailer|smtp-server)(\/|$)/, owner: /^src\/data\/mail\// },
  { module: /^mysql2(\/|$)/, owner: /^src\/data\/databases\// },
  { module: /^acme-client$/, owner: /^src\/certs\/acme\// },
  { module: /^croner$/, owner: /^src\/buildpacks\/schedule\.ts$/ },
  { module: /^koffi$/, owner: /^src\/lib\/posix\/libc\.ts$/ },
  { module: /^ssh2$/, owner: /^src\/(gateway\/ssh|access)\// },
]

/** One line for each import that runs the wrong way or reaches past a module's owner. */
export function wrongImports(sources: readonly Source[]): string[] {
  return sources.flatMap((source) =>
    source.imports
      .filter((imported) => !isAllowed(source.path, imported))
      .map(({ target }) => `${source.path} imports ${target}`),
  )
}

function isAllowed(from: string, imported: Import): boolean {
  const { target, typeOnly } = imported
  if (!target.startsWith('src/')) return owners.every(({ module, owner }) => !module.test(target) || owner.test(from))
  if (partOf(from) === partOf(target)) return true
  if (levelOf(from) < levelOf(target)) return true
  // The files of the top level are one composition root.
  if (levelOf(from) === 0 && levelOf(target) === 0) return true
  return exceptions.some((rule) => rule.from.test(from) && rule.to.test(target) && (rule.typeOnly !== true || typeOnly))
}

function partOf(path: string): string {
  return path.split('/')[1] ?? path
}

/** @throws when a part has no place in the layers yet */
export function levelOf(path: string): number {
  const level = levels.findIndex((parts) => parts.includes(partOf(path)))
  if (level < 0) throw new Error(`${path}: where does "${partOf(path)}" stand in the layers?`)
  return level
}
