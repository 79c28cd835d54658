import { mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { z } from 'zod'
import { siteConfigSchema } from '../../../src/buildpacks/site-config-schema.ts'
import { refuseProblems } from '../../../src/buildpacks/problem.ts'
import { locateMistakes, parseSiteConfig, readSiteConfig } from '../../../src/buildpacks/site-config.ts'
import { HostingError } from '../../../src/errors/hosting-error.ts'

function mistakes(toml: string): readonly string[] {
  try {
    parseSiteConfig(toml)
  } catch (error) {
    if (error instanceof HostingError && error.code === 'invalid-site-config') return error.details
    throw error
  }
  return []
}

describe('hosting.toml', () => {
  it('takes every key that is documented', () => {
    const config = parseSiteConfig(`
root = "./public/"
buildpack = "php-db"
storage = ["wp-content/uploads"]
[build]
command = "npm run build"
output = "dist"
[health]
path = "/up"
timeout = "2m"
[php]
version = "8.2"
ini = { memory_limit = "256M", display_errors = false }
[database]
engine = "mariadb"
[[cron]]
schedule = "*/5 * * * *"
command = "php cron.php"
`)
    expect(config).toEqual({
      root: 'public',
      buildpack: 'php-db',
      storage: ['wp-content/uploads'],
      build: { command: 'npm run build', output: 'dist' },
      health: { path: '/up', timeout: 120_000 },
      php: { version: '8.2', ini: { memory_limit: '256M', display_errors: false } },
      database: { engine: 'mariadb' },
      cron: [{ schedule: '*/5 * * * *', command: 'php cron.php' }],
    })
    expect(parseSiteConfig('')).toEqual({})
    expect(parseSiteConfig('root = "."')).toEqual({ root: '.' })
  })

  it('lists all mistakes with line and key', () => {
    expect(
      mistakes(
        'roots = "x"\nroot = 3\n\n[build]\ncommand = "x"\n  comand = "y"\n[health]\ntimeout = "soon"\n[[cron]]\nschedule = "@daily"\ncommand = "y"\n[[cron]]\nschedule = "@daily"\nuser = "z"\n',
      ),
    ).toEqual([
      'hosting.toml:2: root: write a text in quotes; this is a number',
      'hosting.toml:6: build.comand: there is no such key',
      'hosting.toml:8: health.timeout: write a duration such as "30s", "500ms" or "2m"',
      'hosting.toml:12: cron.1.command: this is missing: write a text in quotes',
      'hosting.toml:14: cron.1.user: there is no such key',
      'hosting.toml:1: roots: there is no such key',
    ])
    expect(mistakes('build.command = 3\n')[0]).toMatch(/^hosting.toml:1: build.command: /)
    expect(mistakes('build = { comand = "x" }\n')).toContain('hosting.toml:1: build.comand: there is no such key')
  })

  it.each([
    ['storage = "uploads"', 'storage: write a list in square brackets, such as ["one", "two"]; this is a text'],
    ['storage = ["../x"]', 'storage.0: "../x" is not a path inside the repository'],
    ['storage = ["."]', 'storage.0: the whole tree cannot be storage: releases replace it'],
    ['storage = [3]', 'storage.0: write a text in quotes; this is a number'],
    ['health = true', 'health: write a table; this is true or false'],
    ['database = { engine = "oracle" }', 'database.engine: write "mariadb"'],
    ['php.ini.x = [1]', 'php.ini.x: write a text in quotes, a number, true or false'],
    ['build.command = ""', 'build.command: this may not be empty'],
  ])('says in plain words what is wrong in %s', (toml, said) => {
    expect(mistakes(`\n${toml}\n`)).toEqual([`hosting.toml:2: ${said}`])
  })

  it('names line and column of a syntax error', () => {
    expect(mistakes('root = "x"\n[build\n')[0]).toMatch(/^hosting.toml:\d+:\d+: not TOML: /)
  })

  it.each(['\n', '\r\n'])('names a string that is not closed as such (%j)', (end) => {
    const said = 'not TOML: a string is not closed at the end of this line (its second quote is missing)'
    expect(mistakes(`[build]${end}command = "abc${end}output = "x"${end}`)).toEqual([`hosting.toml:2:15: ${said}`])
    expect(mistakes('root = "a\u0001b"\n')[0]).toContain('control characters')
  })

  it('names the buildpacks that there are', () => {
    expect(mistakes('buildpack = "ruby"\n')).toEqual([
      'hosting.toml:1: buildpack: "ruby" is not one of: php, php-db, static',
    ])
    expect(mistakes('buildpack = 3\n')).toEqual(['hosting.toml:1: buildpack: write one of: php, php-db, static'])
  })

  it.each(['/etc', '../x', 'a/../../b', '', 'a\\nb', 'a\\\\b'])('refuses the root %s', (root) => {
    expect(mistakes(`root = "${root}"`)).toHaveLength(1)
  })

  it('is documented key by key', async () => {
    const page = await readFile(join(import.meta.dirname, '../../../docs/hosting-toml.md'), 'utf8')
    const rows = [...page.matchAll(/^\| `([^`]+)` \| (.+) \|$/gm)].map((match) => [match[1], match[2]])
    expect(rows).toEqual(documentedKeys(z.toJSONSchema(siteConfigSchema, { io: 'input' })))
  })
})

const described = z.looseObject({
  description: z.string().optional(),
  properties: z.record(z.string(), z.unknown()).optional(),
  items: z.unknown().optional(),
})

/** Key path and description of each key that holds a value of its own. */
function documentedKeys(schema: unknown, path = ''): [string, string][] {
  const { properties, items, description = '' } = described.parse(schema)
  const own: [string, string][] = path === '' ? [] : [[path, description]]
  const inItems = items === undefined ? [] : documentedKeys(items, `${path}[]`).filter(([, text]) => text !== '')
  const below = Object.entries(properties ?? {}).flatMap(([key, value]) =>
    documentedKeys(value, path === '' ? key : `${path}.${key}`),
  )
  return [...own, ...inItems, ...below].filter(([, text]) => text !== '')
}

describe('readSiteConfig', () => {
  let tree: string
  beforeEach(async () => {
    tree = await mkdtemp(join(tmpdir(), 'site-config-'))
  })
  afterEach(async () => {
    await rm(tree, { recursive: true })
  })

  it('finds nothing in an empty tree', async () => {
    expect(await readSiteConfig(tree)).toEqual({})
  })

  it('takes the health check of app.json, and that of hosting.toml before it', async () => {
    await writeFile(join(tree, 'app.json'), '{"name":"x","healthchecks":{"web":[{"type":"startup","path":"/ready"}]}}')
    expect(await readSiteConfig(tree)).toEqual({ health: { path: '/ready' } })
    await writeFile(join(tree, 'hosting.toml'), '[health]\npath = "/up"\n')
    expect(await readSiteConfig(tree)).toEqual({ health: { path: '/up' } })
  })

  it.each(['{', '{"healthchecks":{"web":[{"path":"no slash"}]}}'])('refuses the app.json %s', async (text) => {
    await writeFile(join(tree, 'app.json'), text)
    await expect(readSiteConfig(tree)).rejects.toMatchObject({ code: 'invalid-site-config' })
  })

  it.each([
    ['{foo}', "app.json:1:2: not JSON: Expected property name or '}'"],
    ['{\n"a":\n\n', 'app.json:2: not JSON: it ends too early'],
    ['{"a":1,\n"b" 2}', "app.json:2:5: not JSON: Expected ':' after property name"],
    ['{"a":tru}', "app.json: not JSON: Unexpected token '}'"],
  ])('says where %j is not JSON', async (text, said) => {
    await writeFile(join(tree, 'app.json'), text)
    await expect(readSiteConfig(tree)).rejects.toMatchObject({ details: [said] })
  })

  it('gives mistakes that are found later their line', async () => {
    await writeFile(join(tree, 'hosting.toml'), '[php.ini]\n"session.name" = 1\nmemory_limit = "9G"\n')
    const found = (key: string) => ({ file: 'hosting.toml', key: `php.ini.${key}`, text: 'no' })
    const later = async () => {
      await Promise.resolve()
      refuseProblems([found('memory_limit'), found('session.name')])
    }
    await expect(locateMistakes(tree, later)).rejects.toMatchObject({
      details: ['hosting.toml:3: php.ini.memory_limit: no', 'hosting.toml:2: php.ini.session.name: no'],
    })
    await expect(locateMistakes(tree, () => Promise.reject(new Error('other')))).rejects.toThrow('other')
  })

  // The attack: a hosting.toml that makes the daemon read a file of the host and show it in an error.
  it('never reads through a link', async () => {
    await symlink('/etc/passwd', join(tree, 'hosting.toml'))
    await expect(readSiteConfig(tree)).rejects.toMatchObject({
      code: 'invalid-site-config',
      details: ['hosting.toml: it must be a regular file, not a link or a folder'],
    })
  })

  it('limits its size', async () => {
    await writeFile(join(tree, 'hosting.toml'), '#'.repeat(70_000))
    await expect(readSiteConfig(tree)).rejects.toMatchObject({ code: 'invalid-site-config' })
  })
})
