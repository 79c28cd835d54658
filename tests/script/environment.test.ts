// Variables of a site, typed as its owner types them: they reach builds and instances, a change is a release, a failure changes nothing.
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { z } from 'zod'
import { siteLogPath } from '../../src/config/home.ts'
import { containersOf } from '../helpers/clean-up.ts'
import type { Person } from '../helpers/person.ts'
import { type Platform, startPlatform } from '../helpers/platform.ts'
import { runOk } from '../helpers/session.ts'
import { until } from '../helpers/until.ts'
import { visitWhile } from '../helpers/visitors.ts'
import { WorkingCopy } from '../helpers/working-copy.ts'

const secret = 'correct-horse-battery'

/** The first build of a machine makes the image that builds run in. */
const withBuilder = { timeout: 900_000 }

let platform: Platform
let ann: Person

beforeAll(async () => {
  platform = await startPlatform()
  ann = await platform.addPerson('ann')
})
afterAll(async () => await platform[Symbol.asyncDispose]())

/** What a process in the live instance has in its environment. */
async function environmentIn(site: string): Promise<Record<string, string>> {
  const { instance } = z.object({ instance: z.object({ id: z.string() }) }).parse(await ann.json(`info ${site}`))
  const container = (await containersOf(platform.home, `${site}.localhost`)).find((name) => name.includes(instance.id))
  const { stdout } = await runOk('docker', ['exec', container ?? '', 'cat', '/proc/self/environ'])
  const variables = stdout.split('\0').filter(Boolean)
  return Object.fromEntries(variables.map((line) => [line.replace(/=.*$/s, ''), line.replace(/^[^=]*=/, '')]))
}

const listed = async (site: string) =>
  z.array(z.object({ name: z.string(), value: z.string() })).parse(await ann.json(`env ${site} --reveal`))

describe('variables', () => {
  it('wait for the first push, then are there', async () => {
    expect((await ann.ssh('create early')).exitCode).toBe(0)
    expect((await ann.ssh('env:set early MODE=prod')).stdout).toContain('the first release will have it')
    const copy = await WorkingCopy.create(ann, 'early', { 'index.html': 'x' })
    await copy.pushOk()
    expect(await environmentIn('early')).toMatchObject({ MODE: 'prod' })
  })

  it('change with a release of the same commit, and nobody who visits notices', async () => {
    const copy = await WorkingCopy.create(ann, 'demo', {
      'index.html': 'x',
      'ruled/page.html': 'x',
      _headers: '/ruled/*\n  X-A: b\n',
    })
    await copy.pushOk()
    const visits = await visitWhile(
      {
        port: platform.httpPort,
        host: 'demo.localhost',
        paths: ['/', '/ruled/page'],
        complain: ({ status }) => (status === 200 ? undefined : String(status)),
      },
      async () => {
        const { stdout } = await ann.ssh(`env:set demo TOKEN=- "NOTE=two words"`, {
          input: `${secret}\nof two lines\n`,
        })
        expect(stdout).toContain('✓ Changed NOTE, TOKEN, live as release #2')
      },
    )
    expect(visits.complaints).toEqual([])
    expect(await environmentIn('demo')).toMatchObject({ TOKEN: `${secret}\nof two lines`, NOTE: 'two words' })
    expect(await ann.json('releases demo')).toMatchObject([
      { number: 2, state: 'live', subject: 'env:set NOTE, TOKEN', rollbackOf: null },
      { number: 1, state: 'retired' },
    ])
    expect((await ann.ssh('env:set demo "NOTE=two words"')).stdout).toContain('Nothing to change')
    expect((await ann.ssh('env:unset demo NOTE')).exitCode).toBe(0)
    expect(await environmentIn('demo')).not.toHaveProperty('NOTE')
    // The instance that waited for the next push had the old ones.
    await copy.commit({ 'index.html': 'y' })
    await copy.pushOk()
    expect(await environmentIn('demo')).toMatchObject({ TOKEN: `${secret}\nof two lines` })
    expect((await environmentIn('demo'))['NOTE']).toBeUndefined()
  })

  it('of today are those of a rollback, too', async () => {
    expect((await ann.ssh('rollback demo 1')).exitCode).toBe(0)
    expect(await environmentIn('demo')).toMatchObject({ TOKEN: `${secret}\nof two lines` })
    expect((await ann.ssh('restart demo')).exitCode).toBe(0)
    expect(await environmentIn('demo')).toMatchObject({ TOKEN: `${secret}\nof two lines` })
  })

  it('are in no file of the platform, and shown to those who may write', async () => {
    const { stdout: found } = await runOk('sh', ['-c', `grep -rlaF ${secret} ${platform.directory} || true`])
    expect(found).toBe('')
    expect((await ann.ssh('env demo')).output).not.toContain(secret)
    const bob = await platform.addPerson('bob')
    await ann.ssh('access:add demo bob --role read')
    expect(await bob.ssh('env demo --reveal')).toMatchObject({ exitCode: 4, stdout: '' })
    expect((await bob.ssh('env demo')).stdout).toMatch(/TOKEN +\*{8}/)
  })

  it('do not change while something else is done with the site', withBuilder, async () => {
    const slow = await WorkingCopy.create(ann, 'slow', {
      'index.html': 'x',
      'hosting.toml': '[build]\ncommand = "sleep 3"\noutput = "."\n',
    })
    const pushing = slow.push(['main'], { timeoutMs: 600_000 })
    const printed = async () => (await ann.ssh('logs slow --source build')).stdout
    await until('the build to run', async () => (await printed()).includes('Building'), 600_000)
    expect(await ann.ssh('env:set slow A=1')).toMatchObject({ exitCode: 5 })
    expect((await pushing).exitCode).toBe(0)
    expect(await listed('slow')).toEqual([])
  })
})

describe('a build', withBuilder, () => {
  it('has the variables and shows none of them', async () => {
    expect((await ann.ssh('create built')).exitCode).toBe(0)
    await ann.ssh(`env:set built TOKEN=${secret} GREETING=hi`)
    const copy = await WorkingCopy.create(ann, 'built', {
      'hosting.toml':
        '[build]\ncommand = "mkdir out && echo $GREETING ${#TOKEN} > out/index.html && echo token is $TOKEN, $GREETING"\noutput = "out"\n',
    })
    const { output } = await copy.pushOk()
    expect(output).toContain('token is ********, hi')
    expect(output).not.toContain(secret)
    expect((await platform.get('built')).text).toBe(`hi ${secret.length}\n`)
    const [release] = z.array(z.object({ number: z.number() })).parse(await ann.json('releases built'))
    expect(release?.number).toBe(1)
    expect((await ann.ssh('logs built --source build')).stdout).toContain('token is ********')
    expect(await readFile(join(siteLogPath(platform.home, 'built.localhost'), 'access.log'), 'utf8')).not.toContain(
      secret,
    )
  })

  it('that fails says so without them', async () => {
    const copy = await WorkingCopy.create(ann, 'broken', {
      'index.html': 'x',
      'hosting.toml': '[build]\ncommand = "echo $TOKEN; exit 1"\noutput = "."\n',
    })
    await ann.ssh('create broken')
    await ann.ssh(`env:set broken TOKEN=${secret}`)
    const { exitCode, output } = await copy.push()
    expect([exitCode === 0, output.includes(secret), output.includes('********')]).toEqual([false, false, true])
  })
})
