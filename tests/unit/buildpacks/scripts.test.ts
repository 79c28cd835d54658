// The static buildpack's scripts, by Heroku's interface.
import { chmod, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { buildpacksDirectory } from '../../../src/buildpacks/detect.ts'
import { exec, execOk } from '../../../src/lib/exec.ts'

let home: string
beforeEach(async () => {
  home = await mkdtemp(join(tmpdir(), 'scripts-'))
  await Promise.all(['build', 'cache', 'env', 'bin'].map((name) => mkdir(join(home, name))))
  // An npm that tells how it was called.
  await writeFile(join(home, 'bin/npm'), '#!/bin/sh\necho "npm $*" >> "$HOME/calls"\n')
  await chmod(join(home, 'bin/npm'), 0o755)
})
afterEach(async () => {
  await rm(home, { recursive: true })
})

async function compile(command: string) {
  await writeFile(join(home, 'env/BUILD_COMMAND'), command)
  const script = join(buildpacksDirectory, 'static/bin/compile')
  const args = ['build', 'cache', 'env'].map((name) => join(home, name))
  const result = await exec('/bin/sh', [script, ...args], { env: { PATH: `${home}/bin:/usr/bin:/bin` } })
  const calls = await readFile(join(home, 'cache/calls'), 'utf8').catch(() => '')
  return { ...result, npm: calls.trim() }
}

describe('bin/compile', () => {
  it('runs the command in the tree, by a shell, with its own exit status', async () => {
    expect(await compile('echo "a  b" > out.txt && cat out.txt; exit 3')).toMatchObject({
      exitCode: 3,
      stdout: 'a  b\n',
      npm: '',
    })
    expect(await readFile(join(home, 'build/out.txt'), 'utf8')).toBe('a  b\n')
  })

  it('hands on the variables of the site as they are, whatever they are called', async () => {
    const values = { file: 'a\nb\n', build: '/nowhere', cache: '$(exit 9)', env: '', HOME_PAGE: ' \'"é' }
    for (const [name, value] of Object.entries(values)) await writeFile(join(home, 'env', name), value)
    const { stdout } = await compile(
      'for name in file build cache env HOME_PAGE; do printenv "$name"; printf "|"; done',
    )
    expect(stdout).toBe(
      Object.values(values)
        .map((value) => `${value}\n|`)
        .join(''),
    )
  })

  it.each([
    ['a lockfile', { 'package.json': '{}', 'package-lock.json': '{}' }, 'npm ci --include=dev --no-audit --no-fund'],
    ['no lockfile', { 'package.json': '{"devDependencies":{}}' }, 'npm install --include=dev --no-audit --no-fund'],
    ['no dependencies', { 'package.json': '{"name":"x"}' }, ''],
  ])('installs packages first: %s', async (_, files, expected) => {
    for (const [name, content] of Object.entries(files)) await writeFile(join(home, 'build', name), content)
    expect((await compile('true')).npm).toBe(expected)
  })
})

it('bin/release names the command of an instance', async () => {
  const yaml = await execOk('/bin/sh', [join(buildpacksDirectory, 'static/bin/release'), home])
  expect(yaml).toBe("---\ndefault_process_types:\n  web: nginx -c /site/nginx.conf -g 'daemon off;'\n")
})
