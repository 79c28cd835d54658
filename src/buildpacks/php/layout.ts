// Where things are in the tree of a PHP site: its document root, its application and that one's folders. What the application is given is put there.
import { constants } from 'node:fs'
import { chmod, copyFile, mkdir, symlink, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { HostingError } from '../../errors/hosting-error.ts'
import { exists, hasErrorCode } from '../../lib/files.ts'
import type { CronEntry } from '../schedule.ts'
import type { SiteConfig } from '../site-config-schema.ts'
import { fromText, toText } from '../static/byte-string.ts'
import { findPhpRoot, type PhpRoot } from './document-root.ts'
import { appFilePath, findAppByFiles, findAppByPackage, type KnownApp, loadApps } from './known-apps.ts'
import type { Sources } from './sources.ts'

export interface Layout {
  readonly app: KnownApp | undefined
  readonly root: PhpRoot
}

export async function findLayout(tree: string, config: SiteConfig, { composer }: Sources): Promise<Layout> {
  const apps = await loadApps()
  const packaged = findAppByPackage(apps, composer)
  const root = await findPhpRoot({
    tree: fromText(tree),
    configured: config.root,
    known: packaged?.root,
    hasComposerJson: composer !== undefined,
  })
  if (root.folder.includes('$')) throw oddRoot(toText(root.folder))
  return { root, app: packaged ?? (await findAppByFiles(apps, { tree: fromText(tree), root: rootOf(root) })) }
}

/** nginx would take it for a variable, and knows no escape for it. */
function oddRoot(folder: string): HostingError {
  return new HostingError('invalid-site-config', `The document root "${folder}" has a dollar sign in its name`, {
    hint: 'Rename that folder.',
  })
}

function rootOf({ folder }: PhpRoot): string {
  return folder === '.' ? '' : `/${folder}`
}

/** Absolute (byte string). */
export function rootPath(tree: string, root: PhpRoot): string {
  return `${fromText(tree)}${rootOf(root)}`
}

/** Of an application, relative to the tree. */
function basePrefix({ app, root }: Layout): string {
  return app?.base === 'repository' || root.folder === '.' ? '' : `${toText(root.folder)}/`
}

/** A configuration that reads the environment, for instance; what the repository has stays. */
export async function addAppFiles(tree: string, layout: Layout): Promise<void> {
  for (const [path, source] of Object.entries(layout.app?.files ?? {})) {
    const target = join(tree, basePrefix(layout), path)
    await mkdir(dirname(target), { recursive: true })
    await copyFile(appFilePath(source), target, constants.COPYFILE_EXCL).then(
      () => chmod(target, 0o644),
      (error: unknown) => {
        if (!hasErrorCode(error, 'EEXIST')) throw error
      },
    )
  }
}

export function storagePaths(config: SiteConfig, layout: Layout): string[] {
  return [...(config.storage ?? []), ...(layout.app?.storage ?? []).map((path) => basePrefix(layout) + path)]
}

/** The repository's own entries, and those of its application that it does not have itself, be it at another time. */
export function cronEntries(config: SiteConfig, layout: Layout): CronEntry[] {
  const base = basePrefix(layout)
  const own = config.cron ?? []
  const known = (layout.app?.cron ?? []).filter(({ command }) => !own.some((entry) => entry.command === command))
  const inBase = (command: string) => (base === '' ? command : `cd '${base.replaceAll("'", "'\\''")}' && ${command}`)
  return [...own, ...known.map(({ schedule, command }) => ({ schedule, command: inBase(command) }))]
}

/** To be written by an instance, and gone with it. What the build made there stays, read-only. */
export async function linkTemporary(directory: string, layout: Layout, storage: readonly string[]): Promise<void> {
  const made: string[] = []
  for (const path of layout.app?.temporary ?? []) {
    const folder = basePrefix(layout) + path.replace(/\/$/, '')
    const place = join(directory, 'tree', folder)
    if (storage.some((stored) => isWithin(folder, stored.replace(/\/+$/, ''))) || (await exists(place))) continue
    await mkdir(dirname(place), { recursive: true })
    await symlink(`/tmp/site/${folder}`, place)
    made.push(`${folder}\n`)
  }
  await writeFile(join(directory, 'temporary'), made.join(''), { flag: 'wx', mode: 0o644 })
}

export function isWithin(path: string, place: string): boolean {
  return path === place || path.startsWith(`${place}/`)
}
