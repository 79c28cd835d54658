// Known applications as data: one file each in buildpacks/php/apps/. How one is recognised, what it writes, what it needs.
import { lstat, readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { z } from 'zod'
import { cronCommand, cronSchedule } from '../site-config-schema.ts'
import { toBytes } from '../static/byte-string.ts'
import type { ComposerJson } from './composer-json.ts'

const path = z.string().regex(/^(?!\/)(?!.*(^|\/)\.\.(\/|$))[\x21-\x7e]+$/)

const appSchema = z.strictObject({
  $comment: z.string().optional(),
  name: z.string(),
  /** Any of these means that it is this application. */
  recognise: z.strictObject({
    /** All of them. */
    files: z.array(path).default([]),
    /** A package that composer.json requires. */
    packages: z.array(z.string()).default([]),
  }),
  /** What `storage`, `files` and `recognise.files` count from; all else counts from the document root. */
  base: z.enum(['document-root', 'repository']).default('document-root'),
  /** Document root, below the repository; for those that are known by their package. */
  root: path.optional(),
  /** What it writes and keeps; a folder ends in a slash. */
  storage: z.array(path).default([]),
  /** Folders of caches that belong to one release: where the build made none, each instance has one of its own, empty at first. */
  temporary: z.array(path).default([]),
  database: z.enum(['mariadb']).optional(),
  health: z.string().startsWith('/').optional(),
  /** Commands count from `base`, too. */
  cron: z.array(z.strictObject({ schedule: cronSchedule, command: cronCommand })).default([]),
  /** Paths that are asked for by nobody, as regular expressions on the path of a request: not found. */
  deny: z.array(z.string()).default([]),
  /** Folders in which no PHP is run: what visitors upload lands there. */
  withoutPhp: z.array(path).default([]),
  /** .htaccess files that nginx has an answer for here: their lines, comments aside, or `covered` whatever they say. */
  htaccess: z.record(z.string(), z.union([z.literal('covered'), z.array(z.string())])).default({}),
  /** Files put into a release that has none such: a configuration that reads the environment. Values: names below apps/. */
  files: z.record(path, path).default({}),
  /** Said at a push. */
  note: z.string().optional(),
})

export type KnownApp = z.infer<typeof appSchema>

const directory = join(import.meta.dirname, '../../../buildpacks/php/apps')
let loaded: Promise<readonly KnownApp[]> | undefined

export function loadApps(): Promise<readonly KnownApp[]> {
  return (loaded ??= readApps())
}

async function readApps(): Promise<KnownApp[]> {
  const names = (await readdir(directory)).filter((name) => name.endsWith('.json')).sort()
  return await Promise.all(
    names.map(async (name) => {
      const { error, data } = appSchema.safeParse(JSON.parse(await readFile(join(directory, name), 'utf8')))
      if (error !== undefined) throw new Error(`buildpacks/php/apps/${name}: ${z.prettifyError(error)}`)
      return data
    }),
  )
}

/** Where the content of a file is that an application is given. */
export function appFilePath(name: string): string {
  return join(directory, name)
}

export function findAppByPackage(apps: readonly KnownApp[], composer: ComposerJson | undefined): KnownApp | undefined {
  if (composer === undefined) return undefined
  return apps.find(({ recognise }) => recognise.packages.some((name) => Object.hasOwn(composer.require, name)))
}

/** @param place absolute tree and, below it, the document root (byte strings) */
export async function findAppByFiles(
  apps: readonly KnownApp[],
  { tree, root }: { tree: string; root: string },
): Promise<KnownApp | undefined> {
  for (const app of apps) {
    const { files } = app.recognise
    if (files.length > 0 && (await hasAll(app.base === 'repository' ? tree : tree + root, files))) return app
  }
  return undefined
}

async function hasAll(base: string, files: readonly string[]): Promise<boolean> {
  for (const file of files)
    if (!(await lstat(toBytes(`${base}/${file}`)).catch(() => undefined))?.isFile()) return false
  return true
}
