import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { HostingError } from '../../../src/errors/hosting-error.ts'
import { type ConfigSources, configKeys, envName, loadConfig } from '../../../src/config/load.ts'

let directory: string
beforeAll(async () => (directory = await mkdtemp(join(tmpdir(), 'hosting-config-'))))
afterAll(async () => await rm(directory, { recursive: true }))

async function file(content: string): Promise<string> {
  const path = join(directory, `${String(Math.random()).slice(2)}.toml`)
  await writeFile(path, content)
  return path
}

describe('the configuration', () => {
  it('has a default for everything, and the home made absolute', () => {
    const config = loadConfig({ flags: {}, env: {} })
    expect(config).toMatchObject({ 'base-domain': 'localhost', 'http-port': 8080, 'ssh-port': 2222, standalone: true })
    expect(config.home.root).toBe(resolve('.hosting'))
    expect(config.home.database).toBe(join(resolve('.hosting'), 'hosting.db'))
  })

  it('prefers flags to the environment, that to the file, and that to the defaults', async () => {
    const path = await file('http-port = 1\nssh-port = 1\nkeep-releases = 1\n')
    const env = { HOSTING_HTTP_PORT: '2', HOSTING_SSH_PORT: '2', HOSTING_CONFIG: path }
    expect(loadConfig({ flags: { 'http-port': '3' }, env })).toMatchObject({
      'http-port': 3,
      'ssh-port': 2,
      'keep-releases': 1,
      'max-push-mb': 1024,
    })
  })

  it('takes the file that a flag names before all others', async () => {
    const [one, two, three] = [await file('http-port = 1'), await file('http-port = 2'), await file('http-port = 3')]
    const sources = { env: { HOSTING_CONFIG: two }, file: three }
    expect(loadConfig({ flags: { config: one }, ...sources })['http-port']).toBe(1)
    expect(loadConfig({ flags: {}, ...sources })['http-port']).toBe(2)
    expect(loadConfig({ flags: {}, env: {}, file: three })['http-port']).toBe(3)
  })

  it.each([
    ['true', true],
    ['false', false],
  ])('reads standalone=%s', (text, value) => {
    expect(loadConfig({ flags: { standalone: text }, env: {} }).standalone).toBe(value)
  })

  it.each([
    ['http-port', '70000'],
    ['http-port', '-1'],
    ['http-port', 'http'],
    ['http-port', '80.5'],
    ['keep-releases', '0'],
    ['standalone', 'perhaps'],
    ['log-level', 'loud'],
    ['home', ''],
    ['health-timeout', '0'],
  ])('refuses %s = %j, and names the key', (key, value) => {
    const written = value === '' ? '""' : value
    expect(refusal({ flags: { [key]: value }, env: {} })).toMatch(`invalid-config --${key} ${written}: is `)
    expect(refusal({ flags: {}, env: { [envName(key)]: value } })).toMatch(
      `invalid-config ${envName(key)}=${written}: is `,
    )
  })

  it.each([
    ['# ports\n\nssh-port = "a" # why', ':3: ssh-port: "a" is not a whole number from 0 to 65535'],
    ['home = 3', ':1: home: 3 is not a string'],
    ['standalone = "no"', ':1: standalone: "no" is neither true nor false'],
    ['\n[http-port]\nx = 1', ':2: http-port: {"x":1} is not a whole number from 0 to 65535'],
    [
      'main = 1\nhtp-port = 80',
      ':1: main is not a known key # :2: htp-port is not a known key (did you mean http-port?)',
    ],
    ['a = 1\nhttp-port = = 1', ':2:13: invalid value'],
    ['ssh-port = 8080', ':1: ssh-port: 8080 is the http-port too'],
  ])('names the line of the file: %j', async (content, expected) => {
    const path = await file(content)
    expect(refusal({ flags: {}, env: {}, file: path }, ' # ').replaceAll(path, '')).toBe(`invalid-config ${expected}`)
  })

  it('refuses variables that look like its own, and knows those that are', () => {
    expect(refusal({ flags: {}, env: { HOSTING_HTP_PORT: '1' } })).toBe(
      'invalid-config HOSTING_HTP_PORT is not a known environment variable (did you mean HOSTING_HTTP_PORT?)',
    )
    expect(refusal({ flags: {}, env: { HOSTING_FAULT: 'after:build', HOME: '/root' } })).toBe('accepted')
  })

  it('refuses one port for both doors, unless any free one is meant', () => {
    expect(refusal({ flags: { 'http-port': '90' }, env: { HOSTING_SSH_PORT: '90' } })).toBe(
      'invalid-config --http-port 90: is the ssh-port too',
    )
    expect(refusal({ flags: { 'http-port': '0', 'ssh-port': '0' }, env: {} })).toBe('accepted')
  })

  it('refuses keys that it does not know, mistakes in the file, and a file that is not there', async () => {
    const [unknown, broken] = [await file('colour = "red"'), await file('http-port = = 1')]
    expect(refusal({ flags: { colour: 'red' }, env: {} })).toContain('colour')
    expect(refusal({ flags: {}, env: {}, file: unknown })).toContain('colour')
    expect(refusal({ flags: {}, env: {}, file: broken })).toContain(broken)
    expect(refusal({ flags: {}, env: {}, file: '/nowhere.toml' })).toContain('/nowhere.toml: no such file')
  })

  it('cannot be changed afterwards', () => {
    expect(() => Object.assign(loadConfig({ flags: {}, env: {} }), { 'http-port': 1 })).toThrow(TypeError)
  })

  it('has keys in kebab-case, and each its variable', () => {
    for (const key of configKeys) expect(key).toMatch(/^[a-z]+(-[a-z]+)*$/)
    expect(envName('ssh-max-unauthenticated-per-address')).toBe('HOSTING_SSH_MAX_UNAUTHENTICATED_PER_ADDRESS')
  })
})

/** Code and details of the error. */
function refusal(sources: ConfigSources, separator = ' '): string {
  try {
    loadConfig(sources)
  } catch (error) {
    if (error instanceof HostingError) return `${error.code} ${error.details.join(separator)}`
  }
  return 'accepted'
}
