// The build of a PHP site: version, packages, document root, storage, server, and what the edge may serve by itself.
import { fromText } from '../static/byte-string.ts'
import type { SiteConfig } from '../site-config-schema.ts'
import { linkStorage } from '../storage-links.ts'
import type { BuildRequest, BuiltRelease } from '../types.ts'
import { chooseServer, type ChosenServer } from './choose-server.ts'
import { chooseVersion, type ChosenVersion } from './choose-version.ts'
import { buildTree, needsComposer } from './composer.ts'
import { findDatabaseRequirement } from './composer-json.ts'
import { publishAssets, selectAssets } from './edge-assets.ts'
import { renderIni } from './ini.ts'
import type { KnownApp } from './known-apps.ts'
import {
  addAppFiles,
  cronEntries,
  findLayout,
  isWithin,
  type Layout,
  linkTemporary,
  rootPath,
  storagePaths,
} from './layout.ts'
import { loadOffered, noteEndOfLife } from './offered.ts'
import { notePasswordFiles } from './password-files.ts'
import { writeRuntimeFiles } from './runtime-files.ts'
import { noteUnknownSettings } from './setting-names.ts'
import { readShortTags, type ShortTags } from './short-tags.ts'
import { solveConstraint } from './solve-constraint.ts'
import { readSources, type Sources } from './sources.ts'
import { readTreeFacts, type TreeFacts } from './tree-facts.ts'
import { noteUserIni } from './user-ini.ts'

/** @throws HostingError invalid-site-config, build-failed, too-large */
export async function buildPhp(request: BuildRequest, config: SiteConfig): Promise<BuiltRelease> {
  const tree = `${request.directory}/tree`
  const sources = await readSources(tree)
  const chosen = await choose(request, config, sources)
  const image = `php-${chosen.version.version}`
  const ini = renderIni(config.php?.ini ?? {}, request.limits)
  const composer = await needsComposer(tree, sources.composer?.needsInstall ?? false)
  const built = await buildTree(request, { image, composer, command: config.build?.command })
  request.signal.throwIfAborted()
  const layout = await findLayout(tree, config, sources)
  if (layout.app !== undefined) await addAppFiles(tree, layout)
  const facts = await readTreeFacts(rootPath(tree, layout.root))
  const server = chooseServer(facts.htaccess, layout.app)
  const tags = await shortTags({ tree, config, sources, layout, facts })
  for (const line of tags.told) request.print(`  ${line}`)
  const passwords = await notePasswordFiles(facts.htaccess, { tree: fromText(tree), folder: layout.root.folder })
  const wanted = storagePaths(config, layout)
  await linkTemporary(request.directory, layout, wanted)
  // After all that reads the tree: what lies behind these links is nothing of this machine's.
  const storage = await linkStorage({ directory: request.directory, tree }, wanted)
  await writeRuntimeFiles(request, { ini: ini + tags.ini, server, version: chosen.version.version, layout, facts })
  await publish(request, { layout, facts, server, storage, built })
  const settings = noteUnknownSettings(Object.keys(config.php?.ini ?? {}))
  const userIni = facts.userIni.flatMap((file) => noteUserIni(file, request.limits))
  tellWarnings(request, chosen, [...settings, ...userIni, ...passwords])
  return describe({ config, request, sources, layout, server, storage, chosen, image })
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

type Surveyed = Pick<Outcome, 'config' | 'sources' | 'layout'> & { readonly tree: string; readonly facts: TreeFacts }

/** Not looked for in what is maintained, or where the site says itself how it wants it. */
async function shortTags({ tree, config, sources, layout, facts }: Surveyed): Promise<ShortTags> {
  const named = Object.keys(config.php?.ini ?? {}).some((name) => name.toLowerCase() === shortOpenTag)
  const own = [...facts.userIni, ...facts.htaccess].some(({ folder, text }) => {
    return folder === '' && text.includes(shortOpenTag)
  })
  if (named || own || sources.composer !== undefined || layout.app !== undefined) return { ini: '', told: [] }
  return await readShortTags(rootPath(tree, layout.root), facts.sources)
}

const shortOpenTag = 'short_open_tag'

interface Published {
  readonly layout: Layout
  readonly facts: TreeFacts
  readonly server: ChosenServer
  readonly storage: readonly string[]
  readonly built: boolean
}

async function publish(request: BuildRequest, { layout, facts, server, storage, built }: Published): Promise<void> {
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
    previous: built ? previous?.directory : undefined,
    signal,
  })
}

function tellWarnings({ print }: BuildRequest, { version }: ChosenVersion, told: readonly string[]): void {
  const endOfLife = noteEndOfLife(version, new Date())
  for (const warning of [...(endOfLife === undefined ? [] : [endOfLife]), ...told]) print(`  Warning: ${warning}`)
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
    cron: cronEntries(config, layout),
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
