// One site that is pushed again and again, one file changed each time: on our platform, and as a bare repository with a hook.
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Platform } from '../../tests/helpers/platform.ts'
import { type Files, WorkingCopy } from '../../tests/helpers/working-copy.ts'
import { KeepAlive } from './keep-alive.ts'
import type { OpenSsh } from './openssh.ts'
import { timePush } from './push-timing.ts'

export interface PushedSite {
  /** Changes a file, commits (not timed), pushes; milliseconds until the change is seen. */
  push(): Promise<number>
  /** What the last push printed. */
  readonly said: string
  readonly close: () => void
}

const name = 'pushed'
/** The first push of a kind of site on a machine makes its image. */
export const firstPushMs = 900_000

/** The page that each push changes. One that is a program prints itself. */
export type Page = 'index.html' | 'index.php'

function revision(number: number): string {
  return `<!doctype html><title>Site</title><h1>Revision ${number}</h1>\n${'<p>The quick brown fox.</p>\n'.repeat(100)}`
}

/** Pushes `files` for the first time; a platform's site is there afterwards. */
export async function siteOnPlatform(platform: Platform, files: Files, page: Page = 'index.html'): Promise<PushedSite> {
  const copy = await WorkingCopy.create(platform.admin, name, { ...files, [page]: revision(0) })
  await copy.pushOk(['main'], { timeoutMs: firstPushMs })
  const visitor = new KeepAlive(platform.httpPort)
  const read = async () => (await visitor.get({ host: `${name}.localhost`, path: '/' })).body.toString()
  return pushedSite(copy, { page, read, close: () => visitor.close() })
}

/** The same site with plain Git over OpenSSH: a hook checks out into a new directory and renames a link. No container, no proof. */
export async function siteOnOpenSsh(
  server: OpenSsh,
  { admin }: Platform,
  page: Page = 'index.html',
): Promise<PushedSite> {
  const repository = `${name}.git`
  const path = await server.createRepository(repository, hook)
  const copy = await WorkingCopy.clone(admin, name)
  await copy.git('remote', 'set-url', 'hosting', server.remoteOf(repository))
  await copy.pushOk()
  const read = () => readFile(join(path, 'live', page), 'utf8')
  return pushedSite(copy, { page, read, close: () => undefined })
}

export function show(sites: Readonly<Record<string, { readonly said: string }>>): void {
  for (const [key, { said }] of Object.entries(sites))
    process.stderr.write(`\nA push to "${key}" as its owner sees it:\n${said}`)
}

const hook = `#!/bin/sh
set -e
new=$PWD/release-$(date +%s%N)
mkdir "$new"
git --work-tree="$new" checkout -q -f main
ln -s "$new" live.new
mv -T live.new live
`

interface Seen {
  readonly page: Page
  readonly read: () => Promise<string>
  readonly close: () => void
}

function pushedSite(copy: WorkingCopy, { page, read, close }: Seen): PushedSite {
  let number = 0
  let said = ''
  return {
    async push() {
      const wanted = revision(++number)
      await copy.commit({ [page]: wanted })
      const isLive = async () => (await read()) === wanted
      const { ms, pushed } = await timePush(() => copy.push(), isLive)
      said = pushed.stderr
      return ms
    },
    get said() {
      return said
    },
    close,
  }
}
