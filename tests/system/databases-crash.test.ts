// The daemon is killed in the middle of work on a database. After the next start the work is finished or undone, and nothing is left over.
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type Credentials, credentialsOf, query } from '../helpers/database.ts'
import { Platform } from '../helpers/platform.ts'
import { run } from '../helpers/session.ts'
import { until } from '../helpers/until.ts'

/** The first one on a machine makes the image. */
const imageTimeoutMs = 600_000

let platform: Platform

beforeAll(async () => {
  platform = await Platform.prepare({ flags: { 'drain-timeout': '1' } })
  await platform.start()
  await platform.admin.ssh('create kept')
  await platform.admin.ssh('db:create kept', { timeoutMs: imageTimeoutMs })
  await query(platform, await credentialsOf(platform, 'kept'), 'CREATE TABLE t (i INT); INSERT INTO t VALUES (1)')
}, imageTimeoutMs)
afterAll(async () => await platform[Symbol.asyncDispose]())

/** The same platform, killed at a step of the command; then started again. */
async function killedAt(step: string, command: string, input = ''): Promise<void> {
  await platform.stop()
  await platform.start({ env: { HOSTING_FAULT: step } })
  await until('the server to answer', async () => (await platform.admin.ssh('db kept')).exitCode === 0)
  const { output } = await platform.admin.ssh(command, { input })
  await until(`the daemon to be dead, which said "${output}"`, () => !platform.daemon.running)
  await platform.start({ env: {} })
  await until('the server to answer', async () => (await platform.admin.ssh('db kept')).exitCode === 0)
}

/** The names of all databases of sites that the server has. */
async function databases(): Promise<string[]> {
  const { stdout } = await run('ls', [`${platform.home.databases}/mariadb/data/server`])
  return stdout.split('\n').filter((name) => /_[a-z0-9]{6}(_new|_old)?$/.test(name))
}

describe('a daemon killed while a database is made', () => {
  it.each(['before:database', 'between:database', 'after:database'])(
    '%s: it is there in the end, once',
    async (step) => {
      const site = step.replace(':', '-')
      await platform.admin.ssh(`create ${site}`)
      await killedAt(step, `db:create ${site}`)
      expect((await platform.admin.ssh(`db:create ${site}`)).exitCode).toBe(0)
      expect(await query(platform, await credentialsOf(platform, site), 'SELECT 1')).toEqual([[1]])
      const readable = site.replace('-', '_')
      expect((await databases()).filter((name) => name.startsWith(readable))).toHaveLength(1)
    },
  )

  it('before:database-removal: it is gone in the end', async () => {
    await platform.admin.ssh('create gone')
    await platform.admin.ssh('db:create gone')
    await killedAt('before:database-removal', 'db:destroy gone --confirm gone.localhost')
    await until('it to be gone', async () => !(await databases()).some((name) => name.startsWith('gone')))
    expect((await platform.admin.ssh('db gone')).exitCode).toBe(3)
  })
})

describe('a daemon killed during a restore', () => {
  const dump = 'CREATE TABLE t (i INT);\nINSERT INTO t VALUES (2);\nCREATE VIEW v AS SELECT * FROM t;\n'
  let kept: Credentials
  const now = async () => await query(platform, kept, 'SELECT i FROM t')
  const nothingLeft = async () =>
    await until('nothing to be left', async () => !(await databases()).some((name) => /_(new|old)$/.test(name)))

  beforeAll(async () => {
    kept = await credentialsOf(platform, 'kept')
  })

  it('after:restore-load: the old content is there, untouched', async () => {
    await killedAt('after:restore-load', 'db:restore kept', dump)
    await nothingLeft()
    expect(await now()).toEqual([[1]])
  })

  it.each(['before:restore-swap', 'after:restore-move'])('%s: the new content is there, all of it', async (step) => {
    await query(platform, kept, 'DROP VIEW IF EXISTS v; UPDATE t SET i = 1')
    await killedAt(step, 'db:restore kept', dump)
    await nothingLeft()
    expect(await now()).toEqual([[2]])
    expect(await query(platform, kept, 'SELECT i FROM v')).toEqual([[2]])
  })
})

describe('a daemon killed while a password is rotated', () => {
  it('leaves one that opens the database', async () => {
    const before = await credentialsOf(platform, 'kept')
    await killedAt('between:rotation', 'db:rotate kept')
    const after = await credentialsOf(platform, 'kept')
    await until('the new password to open it', () => query(platform, after, 'SELECT 1').catch(() => undefined))
    expect(after.password).not.toBe(before.password)
  })
})
