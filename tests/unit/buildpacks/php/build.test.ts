// The build of a PHP site where nothing has to run: what ends up in a release, and that nothing else does.
import { lstat, mkdtemp, readdir, readFile, readlink, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { pack } from 'tar-stream'
import { build } from '../../../../src/buildpacks/build.ts'
import { loadApps } from '../../../../src/buildpacks/php/known-apps.ts'
import { buildRequest, type Tree, writeTree } from '../../../helpers/static-site.ts'

let home: string
let count = 0
beforeAll(async () => {
  home = await mkdtemp(join(tmpdir(), 'build-php-'))
})
afterAll(() => rm(home, { recursive: true }))

async function buildTree(tree: Tree, options: Parameters<typeof buildRequest>[1] = {}) {
  const directory = join(home, `release${count++}`)
  await writeTree(join(directory, 'tree'), tree)
  const told: string[] = []
  const built = await build(buildRequest(directory, { print: (line) => told.push(line), ...options }))
  const edge = (await readdir(join(directory, 'edge'), { recursive: true, withFileTypes: true }))
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name).slice(join(directory, 'edge').length + 1))
    .sort()
  const read = (name: string) => readFile(join(directory, name), 'utf8')
  return { directory, built, edge, told, read }
}

describe('what is PHP', () => {
  it.each<[string, Tree]>([
    ['a page', { 'kontakt.php': '', 'index.html': '' }],
    ['an old page', { 'index.php3': '' }],
    ['pages one level below', { 'htdocs/index.php': '' }],
    ['composer.json', { 'composer.json': '{}' }],
    ['rules for Apache beside pages', { '.htaccess': 'Redirect /a /b', 'index.html': '' }],
  ])('%s', async (_, tree) =>
    expect((await buildTree(tree)).built).toMatchObject({ buildpack: 'php', image: 'php-8.4' }),
  )

  it('not what hosting.toml calls static', async () => {
    const tree = { 'hosting.toml': 'buildpack = "static"', 'index.html': '', 'a.php': '' }
    expect((await buildTree(tree)).built).toMatchObject({ buildpack: 'static', image: 'static' })
  })
})

describe('the document root', () => {
  it.each<[string, Tree]>([
    ['/site/tree/web', { 'hosting.toml': 'root = "web"', 'index.php': '', 'web/x.php': '' }],
    ['/site/tree/public', { 'composer.json': '{}', 'index.php': '', 'public/index.php': '' }],
    ['/site/tree/htdocs', { 'htdocs/index.php': '', 'lib/a.php': '' }],
    ['/site/tree', { 'index.php': '', 'public/index.php': '' }],
    ['/site/tree', { 'old.php': '' }],
  ])('is %s', async (root, tree) => {
    expect(await (await buildTree(tree)).read('nginx.conf')).toContain(`root "${root}";`)
  })

  it('has to be there, and to be nameable', async () => {
    const refused = { code: 'invalid-site-config' }
    await expect(buildTree({ 'hosting.toml': 'root = "web"', 'index.php': '' })).rejects.toMatchObject(refused)
    await expect(buildTree({ 'hosting.toml': 'root = "a$b"', 'a$b/index.php': '' })).rejects.toMatchObject(refused)
  })
})

describe('the edge', () => {
  const assets: Tree = {
    'index.php': '<?php',
    'a.css': 'a',
    'img/logo.svg': 's',
    'img/photo.JPG': 'j',
    'data.json': '{}',
    'notes.txt': 'n',
  }

  it('gets assets, never sources, data or hidden files', async () => {
    const hidden: Tree = {
      '.git.css': '',
      '.cache/a.css': '',
      'a.php.css.php': '',
      'vendor/a/x.js': 'x',
      'vendor/a/x.php': '',
      'out.css': { link: 'a.css' },
    }
    expect((await buildTree({ ...assets, ...hidden })).edge).toEqual([
      'a.css',
      'img/logo.svg',
      'img/photo.JPG',
      'vendor/a/x.js',
    ])
  })

  it('gets none from below a .htaccess that Apache obeys, and none that storage holds', async () => {
    const rule = { 'img/.htaccess': 'Header set A b' }
    expect((await buildTree({ ...assets, ...rule })).edge).toEqual(['a.css'])
    const stored = { 'hosting.toml': 'storage = ["img"]' }
    expect((await buildTree({ ...assets, ...stored })).edge).toEqual(['a.css'])
  })

  it('shares the files of the tree, which shares what is unchanged with the release before', async () => {
    const { directory } = await buildTree(assets)
    const inode = async (name: string) => (await lstat(join(directory, name))).ino
    expect(await inode('edge/img/logo.svg')).toBe(await inode('tree/img/logo.svg'))
  })

  it('keeps what a build made anew with the same content', async () => {
    const make = async (logo: string, previous?: string) => {
      const tree = { 'index.php': '', 'a.css': 'a', 'hosting.toml': '[build]\ncommand = "make"\n' }
      const output = pack()
      for (const [name, content] of Object.entries({ ...tree, 'logo.svg': logo })) output.entry({ name }, content)
      output.finalize()
      const result = {
        exitCode: 0,
        output: () => Promise.resolve(Readable.from(output)),
        dispose: () => Promise.resolve(),
      }
      const runBuild = () => Promise.resolve(result)
      return await buildTree(tree, {
        runBuild,
        ...(previous ? { previous: { directory: previous, commit: 'c' } } : {}),
      })
    }
    const first = await make('one')
    const second = await make('two', first.directory)
    const inode = async (release: string, name: string) => (await lstat(join(release, 'edge', name))).ino
    expect(await inode(second.directory, 'a.css')).toBe(await inode(first.directory, 'a.css'))
    expect(await inode(second.directory, 'logo.svg')).not.toBe(await inode(first.directory, 'logo.svg'))
    expect((await readdir(join(second.directory, 'commit'))).sort()).toEqual(['a.css', 'hosting.toml', 'index.php'])
  })
})

describe('known applications', () => {
  it('are read from their files', async () => {
    expect((await loadApps()).map(({ name }) => name)).toEqual(
      expect.arrayContaining([
        'WordPress',
        'DokuWiki',
        'MediaWiki',
        'SPIP',
        'Drupal',
        'Nextcloud',
        'Laravel',
        'Symfony',
      ]),
    )
    for (const { deny } of await loadApps()) for (const pattern of deny) expect(() => new RegExp(pattern)).not.toThrow()
  })

  it('WordPress gets a database, storage and a configuration that reads the environment', async () => {
    const tree = {
      'wp-load.php': '',
      'wp-includes/version.php': '',
      'index.php': '',
      'wp-content/uploads/a.png': 'x',
      'wp-content/b.png': 'x',
    }
    const { built, directory, edge, read } = await buildTree(tree)
    expect(built).toMatchObject({ buildpack: 'php-db', database: 'mariadb' })
    expect(built.storage).toEqual(['wp-content/cache/', 'wp-content/uploads/'])
    expect(await readlink(join(directory, 'tree/wp-content/uploads'))).toBe('/storage/wp-content/uploads')
    expect(await read('seed/wp-content/uploads/a.png')).toBe('x')
    expect(await read('tree/wp-config.php')).toContain("getenv('DB_PASSWORD')")
    expect(edge).toEqual(['wp-content/b.png'])
  })

  it('keep the configuration that the repository has', async () => {
    const tree = { 'wp-load.php': '', 'wp-includes/version.php': '', 'wp-config.php': 'mine' }
    expect(await (await buildTree(tree)).read('tree/wp-config.php')).toBe('mine')
  })

  it('are found below the document root, and their paths count from there', async () => {
    const tree = {
      'htdocs/doku.php': '',
      'htdocs/inc/init.php': '',
      'htdocs/index.php': '',
      'htdocs/data/pages/a.txt': 'x',
    }
    expect((await buildTree(tree)).built.storage).toEqual(['htdocs/conf/', 'htdocs/data/'])
  })
})

describe('what else a repository says', () => {
  it('release command, workers, cron, health, database', async () => {
    const { built } = await buildTree({
      'index.php': '',
      Procfile: 'release: php migrate.php\nqueue: php queue.php\n',
      'app.json': '{"cron":[{"schedule":"@daily","command":"php day.php"}],"healthchecks":{"web":[{"path":"/up"}]}}',
      'hosting.toml': '[database]\nengine = "mariadb"\n[[cron]]\nschedule = "* * * * *"\ncommand = "php minute.php"\n',
    })
    expect(built).toMatchObject({
      buildpack: 'php-db',
      releaseCommand: 'php migrate.php',
      workers: { queue: 'php queue.php' },
      health: { path: '/up' },
    })
    expect(built.cron.map(({ command }) => command)).toEqual(['php minute.php', 'php day.php'])
  })

  it.each([
    ['php-db', { 'composer.json': '{"require":{"ext-pdo_mysql":"*"}}', 'vendor/autoload.php': '' }],
    ['php-db', { 'hosting.toml': 'buildpack = "php-db"' }],
    [
      'php',
      {
        'composer.json': '{"require":{"ext-pdo_mysql":"*"}}',
        'vendor/autoload.php': '',
        'hosting.toml': 'buildpack = "php"',
      },
    ],
  ])('is %s for %j', async (buildpack, tree) => {
    expect((await buildTree({ 'index.php': '', ...tree })).built.buildpack).toBe(buildpack)
  })

  it('warns of a version that nobody mends', async () => {
    expect((await buildTree({ 'index.php': '', '.php-version': '7.4' })).told.join()).toContain(
      'PHP 7.4 has had no security fixes',
    )
  })
})
