// The build of a PHP site: version, packages, document root, storage, server, and what the edge may serve by itself.
import { chmod, copyFile, mkdir, symlink, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { constants } from 'node:fs'
import { HostingError } from '../../errors/hosting-error.ts'
import { exists, hasErrorCode } from '../../lib/files.ts'
import { parseProcfile } from '../procfile.ts'
import { readRepositoryFile } from '../repository-file.ts'
import type { SiteConfig } from '../site-config-schema.ts'
import { fromText, toText } from '../static/byte-string.ts'
import { loadMediaTypes } from '../static/media-types.ts'
import { linkStorage } from '../storage-links.ts'
import type { BuildRequest, BuiltRelease } from '../types.ts'
import { renderApache } from './apache.ts'
import { chooseServer, type ChosenServer } from './choose-server.ts'
import { chooseVersion, type ChosenVersion } from './choose-version.ts'
import { buildTree, needsComposer } from './composer.ts'
import { type ComposerJson, findDatabaseRequirement, parseComposerJson } from './composer-json.ts'
import { findPhpRoot, type PhpRoot } from './document-root.ts'
import { publishAssets, selectAssets } from './edge-assets.ts'
import { renderIni } from './ini.ts'
import { appFilePath, findAppByFiles, findAppByPackage, type KnownApp, loadApps } from './known-apps.ts'
import { renderPhpNginx, type SiteRules } from './nginx.ts'
import { loadOffered, noteEndOfLife } from './offered.ts'
import { solveConstraint } from './solve-constraint.ts'
import { readTreeFacts, type TreeFacts } from './tree-facts.ts'
import { noteUserIni } from './user-ini.ts'

/** What the repository says in files of its own. */
interface Sources {
  readonly composer: ComposerJson | undefined
  readonly versionFile: string | undefined
  readonly procfile: ReturnType<typeof parseProcfile>
}

interface Layout {
  readonly app: KnownApp | undefined
  readonly root: PhpRoot
}

/** @throws HostingError invalid-site-config, build-failed, too-large */
export async function buildPhp(request: BuildRequest, config: SiteConfig): Promise<BuiltRelease> {
  const tree = `${request.directory}/tree`
  const sources = await readSources(tree)
  const chosen = await choose(request, config, sources)
  const image = `php-${chosen.version.version}`
  const ini = renderIni(config.php?.ini ?? {}, request.limits)
  const composer = await needsComposer(tree, sources.composer?.needsInstall ?? false)
  await buildTree(request, { image, composer, command: config.build?.command })
  request.signal.throwIfAborted()
  const layout = await findLayout(tree, config, sources)
  if (layout.app !== undefined) await addAppFiles(tree, layout)
  const facts = await readTreeFacts(rootPath(tree, layout.root))
  const server = chooseServer(facts.htaccess, layout.app)
  const wanted = storagePaths(config, layout)
  await linkTemporary(request.directory, layout, wanted)
  // Last: what lies behind these links is nothing of this machine's.
  const storage = await linkStorage({ directory: request.directory, tree }, wanted)
  await writeRuntimeFiles(request, { ini, server, version: chosen.version.version, layout, facts })
  await publish(request, { layout, facts, server, storage })
  tellWarnings(request, chosen, facts)
  return describe({ config, request, sources, layout, server, storage, chosen, image })
}

async function readSources(tree: string): Promise<Sources> {
  const read = async (name: string) =>
    (await readRepositoryFile({ name, path: join(tree, name), maxBytes: 1024 * 1024 }))?.toString('utf8')
  const [composerJson, versionFile, procfile] = await Promise.all(
    ['composer.json', '.php-version', 'Procfile'].map(read),
  )
  return {
    composer: composerJson === undefined ? undefined : parseComposerJson(composerJson),
    versionFile,
    procfile: parseProcfile(procfile ?? ''),
  }
}

async function choose(request: BuildRequest, config: SiteConfig, sources: Sources): Promise<ChosenVersion> {
  const offered = await loadOffered()
  return await chooseVersion({
    offered,
    configured: config.php?.version,
    versionFile: sources.versionFile,
    constraint: sources.composer?.require['php'],
    solve: (constraint) => solveConstraint(constraint, offered, request),
  })
}

async function findLayout(tree: string, config: SiteConfig, { composer }: Sources): Promise<Layout> {
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
function rootPath(tree: string, root: PhpRoot): string {
  return `${fromText(tree)}${rootOf(root)}`
}

/** Of an application, relative to the tree. */
function basePrefix({ app, root }: Layout): string {
  return app?.base === 'repository' || root.folder === '.' ? '' : `${toText(root.folder)}/`
}

/** A configuration that reads the environment, for instance; what the repository has stays. */
async function addAppFiles(tree: string, layout: Layout): Promise<void> {
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

function storagePaths(config: SiteConfig, layout: Layout): string[] {
  return [...(config.storage ?? []), ...(layout.app?.storage ?? []).map((path) => basePrefix(layout) + path)]
}

/** To be written by an instance, and gone with it. What the build made there stays, read-only. */
async function linkTemporary(directory: string, layout: Layout, storage: readonly string[]): Promise<void> {
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

interface RuntimeFiles {
  readonly ini: string
  readonly server: ChosenServer
  readonly version: string
  readonly layout: Layout
  readonly facts: TreeFacts
}

/** What the instance starts from: the server's name, its configuration, PHP's settings. */
async function writeRuntimeFiles({ directory }: BuildRequest, files: RuntimeFiles): Promise<void> {
  const { ini, server, version, layout, facts } = files
  const rules = siteRules(layout, server)
  const write = (name: string, text: string) =>
    writeFile(join(directory, name), text, { flag: 'wx', mode: 0o644, encoding: 'latin1' })
  await mkdir(join(directory, 'php'), { mode: 0o755 })
  await write('php/site.ini', fromText(ini))
  await write('server', `${server.server}\n`)
  if (server.server === 'apache')
    await write('apache.conf', renderApache({ ...rules, version, userIni: facts.userIni }))
  else await write('nginx.conf', renderPhpNginx(rules, (await loadMediaTypes()).text))
}

function siteRules({ app, root }: Layout, server: ChosenServer): SiteRules {
  const isPlain = app === undefined && root.folder === '.'
  return {
    folder: root.folder,
    frontController: isPlain ? 'pages' : 'all',
    deny: app?.deny ?? [],
    denied: server.denied,
    withoutPhp: [...(app?.withoutPhp ?? []), ...server.withoutPhp],
  }
}

interface Published {
  readonly layout: Layout
  readonly facts: TreeFacts
  readonly server: ChosenServer
  readonly storage: readonly string[]
}

async function publish(request: BuildRequest, { layout, facts, server, storage }: Published): Promise<void> {
  const { directory, previous, signal } = request
  const { root, app } = layout
  const prefix = root.folder === '.' ? '' : `${root.folder}/`
  const stored = storage.map((path) => fromText(path.replace(/\/$/, '')))
  const assets = selectAssets({
    assets: facts.assets.filter((path) => !stored.some((place) => isWithin(prefix + path, place))),
    ruling:
      server.server === 'apache'
        ? facts.htaccess
        : facts.htaccess.filter(({ folder }) => server.denied.includes(folder)),
    folder: root.folder,
    deny: app?.deny ?? [],
  })
  await publishAssets(assets, {
    release: directory,
    root: rootPath(`${directory}/tree`, root),
    previous: previous?.directory,
    signal,
  })
}

function isWithin(path: string, place: string): boolean {
  return path === place || path.startsWith(`${place}/`)
}

function tellWarnings({ print, limits }: BuildRequest, { version }: ChosenVersion, { userIni }: TreeFacts): void {
  const endOfLife = noteEndOfLife(version, new Date())
  const warnings = [
    ...(endOfLife === undefined ? [] : [endOfLife]),
    ...userIni.flatMap((file) => noteUserIni(file, limits)),
  ]
  for (const warning of warnings) print(`  Warning: ${warning}`)
}

interface Outcome {
  readonly layout: Layout
  readonly config: SiteConfig
  readonly request: BuildRequest
  readonly sources: Sources
  readonly server: ChosenServer
  readonly storage: readonly string[]
  readonly chosen: ChosenVersion
  readonly image: string
}

const serverNames = { fpm: 'nginx with php-fpm', apache: 'Apache with mod_php' } as const

function describe(outcome: Outcome): BuiltRelease {
  const { config, request, sources, layout, server, storage, chosen, image } = outcome
  const { app, root } = layout
  const database = databaseOf(config, sources, app)
  const { releaseCommand, workers } = sources.procfile
  return {
    buildpack: database === undefined ? 'php' : 'php-db',
    image,
    source: 'commit',
    health: {
      path: config.health?.path ?? app?.health ?? '/',
      timeoutMs: config.health?.timeout ?? request.defaultHealthTimeoutMs,
    },
    storage,
    ...(database === undefined ? {} : { database }),
    ...(releaseCommand === undefined ? {} : { releaseCommand }),
    workers,
    cron: [...(config.cron ?? []), ...(app?.cron ?? [])],
    notes: [
      ...(app === undefined ? [] : [app.name]),
      `PHP ${chosen.version.version} (${chosen.why})`,
      `${serverNames[server.server]} (${server.why})`,
      root.note,
    ],
  }
}

function databaseOf(config: SiteConfig, { composer }: Sources, app: KnownApp | undefined): 'mariadb' | undefined {
  if (config.database !== undefined) return config.database.engine
  if (config.buildpack === 'php-db') return 'mariadb'
  if (config.buildpack === 'php') return undefined
  if (app?.database !== undefined) return app.database
  return composer !== undefined && findDatabaseRequirement(composer) !== undefined ? 'mariadb' : undefined
}
