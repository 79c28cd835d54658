// npm run install:system, into a directory: what it writes is whole, loads, and systemd finds nothing wrong with the units.
import { mkdir, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { loadConfig } from '../../src/config/load.ts'
import { projectRoot, scratchDirectory } from '../helpers/paths.ts'
import { run, runOk } from '../helpers/session.ts'

let scratch = ''
const root = () => join(scratch, 'root')
const installed = (path: string) => join(root(), path)
const install = (...flags: string[]) =>
  run(`${projectRoot}/scripts/install-system`, ['--root', root(), ...flags], { env: { HOME: scratch } })

beforeAll(async () => {
  scratch = await scratchDirectory('install')
  const { exitCode, output } = await install('--base-domain', 'sites.example.org')
  expect(exitCode, output).toBe(0)
}, 300_000)

afterAll(async () => {
  await rm(scratch, { recursive: true, force: true })
})

describe('what is installed', () => {
  it('runs by itself: its own Node.js and every package it needs, none of the development', async () => {
    const program = installed('opt/hosting/current')
    const help = await runOk(join(program, 'scripts/with-node'), [join(program, 'dist/main.js'), '--help'], {
      cwd: '/',
    })
    expect(help.stdout).toContain('--http-port')
    const packages = await readdir(join(program, 'node_modules'))
    expect(packages).toContain('ssh2')
    expect(packages).not.toContain('vitest')
  })

  it('cannot be written by anyone but root', async () => {
    const { stdout } = await runOk('find', [installed('opt/hosting'), '!', '-type', 'l', '-perm', '/022'])
    expect(stdout).toBe('')
  })

  it('has a configuration that loads', () => {
    const config = loadConfig({ flags: { config: installed('etc/hosting/hosting.toml') }, env: {} })
    expect(config).toMatchObject({ standalone: false, 'http-port': 80, 'base-domain': 'sites.example.org' })
    expect(config.home).toMatchObject({ root: '/var/lib/hosting', link: '/run/hosting' })
  })

  it('has units that systemd finds nothing wrong with', async () => {
    const units = join(scratch, 'units')
    await mkdir(units)
    const names = await readdir(installed('etc/systemd/system'))
    expect(names.toSorted()).toEqual([
      'hosting-edge-reload.service',
      'hosting-edge.path',
      'hosting-edge.service',
      'hosting-privileged.service',
      'hosting-privileged.socket',
      'hosting.service',
    ])
    for (const name of names) {
      const text = await readFile(installed(`etc/systemd/system/${name}`), 'utf8')
      // systemd looks whether the programs are there; ours is below the directory of this test.
      await writeFile(join(units, name), text.replaceAll('=/opt/hosting', `=${installed('opt/hosting')}`))
    }
    const verified = await run('systemd-analyze', ['verify', '--man=no', ...names.map((name) => join(units, name))])
    expect(verified.output).toBe('')
    expect(verified.exitCode).toBe(0)
  })
})

describe('an upgrade', () => {
  it('keeps the configuration, switches to the new version and keeps the one before', async () => {
    const file = installed('etc/hosting/hosting.toml')
    await writeFile(file, 'base-domain = "mine.example"\n')
    const before = await stat(installed('opt/hosting/current/package.json'))
    const { exitCode, output } = await install()
    expect(exitCode, output).toBe(0)
    expect(await readFile(file, 'utf8')).toBe('base-domain = "mine.example"\n')
    expect((await stat(installed('opt/hosting/current/package.json'))).ino).not.toBe(before.ino)
    expect((await readdir(installed('opt/hosting'))).toSorted().at(-1)).toBe('current')
    expect(await readdir(installed('opt/hosting'))).toHaveLength(3)
  }, 120_000)
})

describe('a mistake', () => {
  it.each([
    [['--base-domain'], 'needs a value'],
    [['--domain', 'x'], 'does not know "--domain"'],
  ])('%j is refused before anything is written', async (flags, message) => {
    const empty = join(scratch, 'nothing')
    const refused = await run(`${projectRoot}/scripts/install-system`, ['--root', empty, ...flags])
    expect(refused.exitCode).toBe(1)
    expect(refused.output).toContain(message)
    await expect(stat(empty)).rejects.toThrow()
  })

  it('no domain at the first installation is refused', async () => {
    const refused = await run(`${projectRoot}/scripts/install-system`, ['--root', join(scratch, 'nothing')])
    expect(refused.exitCode).toBe(1)
    expect(refused.output).toContain('--base-domain example.org')
  })
})
