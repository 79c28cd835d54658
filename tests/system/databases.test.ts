// Databases on a real server: what sites get, what is kept from them, what comes back after a dump.
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { hasErrorCode } from '../../src/lib/files.ts'
import { containersOf, runningContainersOf } from '../helpers/clean-up.ts'
import { connectAs, type Credentials, credentialsOf, query } from '../helpers/database.ts'
import { type Platform, startPlatform } from '../helpers/platform.ts'
import { run, runOk } from '../helpers/session.ts'
import { until } from '../helpers/until.ts'
import { WorkingCopy } from '../helpers/working-copy.ts'

/** The first one on a machine makes the image. */
const imageTimeoutMs = 600_000
const maxConnections = 5

let platform: Platform
let demo: Credentials
let other: Credentials

const ofDemo = (sql: string) => query(platform, demo, sql)
const serverContainer = () => `hosting-${platform.home.id}-service-mariadb`

beforeAll(async () => {
  platform = await startPlatform({ flags: { 'database-connections': String(maxConnections), 'drain-timeout': '2' } })
  for (const site of ['demo', 'other']) {
    await (await WorkingCopy.create(platform.admin, site, { 'index.html': site })).pushOk()
    const made = await platform.admin.ssh(`db:create ${site}`, { timeoutMs: imageTimeoutMs })
    expect(made.output).toContain('has a database')
    expect(made.exitCode).toBe(0)
  }
  demo = await credentialsOf(platform, 'demo')
  other = await credentialsOf(platform, 'other')
}, imageTimeoutMs)
afterAll(async () => await platform[Symbol.asyncDispose]())

async function instanceOf(site: string): Promise<string> {
  const [name] = await runningContainersOf(platform.home, `${site}.localhost`)
  if (name === undefined) throw new Error(`${site} has no instance`)
  return name
}

describe('a database', () => {
  it('is found by the instance in its environment and at the place where PHP looks for the socket', async () => {
    const { stdout } = await until('one instance that has it', async () => {
      const ran = await run('docker', ['exec', await instanceOf('demo'), 'sh', '-c', 'env; ls -l /run/mysqld'])
      return ran.stdout.includes('DB_NAME') && ran
    })
    const url = `mysql://${demo.user}:${demo.password}@localhost/${demo.name}?unix_socket=/run/mysqld/mysqld.sock`
    for (const line of ['DB_HOST=localhost', `DB_NAME=${demo.name}`, `DB_USER=${demo.user}`, `DATABASE_URL=${url}`])
      expect(stdout).toContain(line)
    expect(stdout).toContain('mysqld.sock')
    expect((await platform.get('demo')).text).toBe('demo')
  })

  it('is made once', async () => {
    const again = await platform.admin.ssh('db:create demo')
    expect(again).toMatchObject({ exitCode: 0, stdout: expect.stringContaining('has a database already') as string })
    expect((await credentialsOf(platform, 'demo')).name).toBe(demo.name)
  })

  it('tells everybody who may see the site what it is, and nobody without being asked the password', async () => {
    const reader = await platform.addPerson('reader')
    await platform.admin.ssh('access:add demo reader --role read')
    const info = await reader.ssh('db demo')
    expect(info.exitCode).toBe(0)
    expect(info.stdout).toContain(demo.name)
    expect(info.stdout).toContain(`of ${maxConnections}`)
    expect(info.stdout).not.toContain(demo.password)
    expect((await reader.ssh('db demo --reveal')).exitCode).toBe(4)
    expect((await reader.ssh('db:dump demo')).exitCode).toBe(4)
  })

  it('keeps its password out of the database of the platform and of the log', async () => {
    const { home, logFile } = platform
    const found = await run('grep', ['-rlF', demo.password, home.database, `${home.database}-wal`, home.keys, logFile])
    expect(found.stdout).toBe('')
    const statements = await run('grep', ['-rlF', demo.password, home.databases])
    expect(statements.stdout).toBe('')
  })
})

describe('one site', () => {
  it.each([
    ['the database of another', () => `SELECT * FROM ${other.name}.t`],
    ['the accounts of the server', () => 'SELECT * FROM mysql.global_priv'],
    ['another name that its own is a pattern for', () => `CREATE DATABASE ${demo.name.replace('_', 'x')}`],
    ['new accounts', () => 'CREATE USER intruder@localhost'],
    ['its rights for others', () => `GRANT ALL ON ${demo.name}.* TO '${other.user}'@localhost`],
    ['files of the server', () => "SELECT LOAD_FILE('/etc/passwd') INTO OUTFILE '/var/lib/mysql/x'"],
    ['files of the server as tables', () => "LOAD DATA INFILE '/etc/passwd' INTO TABLE t"],
    ['files of its own instance', () => "LOAD DATA LOCAL INFILE '/etc/passwd' INTO TABLE t"],
    ['settings of the server', () => 'SET GLOBAL max_connections = 1'],
    ['plugins', () => "INSTALL SONAME 'ha_connect'"],
    ['the end of the server', () => 'SHUTDOWN'],
    ['an object that runs as an administrator', () => 'CREATE DEFINER=hosting@localhost VIEW v AS SELECT 1'],
    ['the rights of the administrator', () => 'SHOW GRANTS FOR hosting@localhost'],
  ])('is denied %s', async (_what, statement) => {
    await query(platform, other, 'CREATE TABLE IF NOT EXISTS t (i INT)')
    await ofDemo('CREATE TABLE IF NOT EXISTS t (i VARCHAR(255))')
    await expect(ofDemo(statement())).rejects.toThrow(/denied|disabled|not allowed/i)
  })

  it('sees neither the databases nor the connections of others', async () => {
    const connection = await connectAs(platform, other)
    const databases = await ofDemo('SELECT SCHEMA_NAME FROM information_schema.SCHEMATA')
    expect(databases.flat()).toEqual(expect.arrayContaining([demo.name]))
    expect(databases.flat()).not.toContain(other.name)
    const users = (await ofDemo('SELECT USER FROM information_schema.PROCESSLIST')).flat()
    expect(new Set(users)).toEqual(new Set([demo.user]))
    await connection.end()
  })

  it('reads nothing of what LOAD_FILE names', async () => {
    expect(await ofDemo("SELECT LOAD_FILE('/etc/passwd')")).toEqual([[null]])
  })

  it('has so many connections and no more, whatever others have', async () => {
    const open = await Promise.all(Array.from({ length: maxConnections }, () => connectAs(platform, demo)))
    await expect(connectAs(platform, demo)).rejects.toMatchObject({ code: 'ER_USER_LIMIT_REACHED' })
    expect(await query(platform, other, 'SELECT 1')).toEqual([[1]])
    const dump = await platform.admin.ssh('db:dump demo')
    expect(dump.exitCode).not.toBe(0)
    expect(dump.stderr).toContain('max_user_connections')
    await Promise.all(open.map((connection) => connection.end()))
  })
})

describe('the server', () => {
  it('is confined like everything else, and is no instance', async () => {
    const { stdout } = await runOk('docker', ['inspect', serverContainer()])
    const [described] = JSON.parse(stdout) as [{ HostConfig: Record<string, unknown>; Config: { User: string } }]
    expect(described.HostConfig).toMatchObject({ NetworkMode: 'none', ReadonlyRootfs: true, CapDrop: ['ALL'] })
    expect(described.Config.User).not.toMatch(/^(0|root)?(:|$)/)
  })

  it('comes back when it is killed, with all that was committed', async () => {
    await ofDemo('CREATE TABLE kept (i INT); INSERT INTO kept VALUES (1)')
    const { stdout } = await runOk('docker', ['inspect', '-f', '{{.State.Pid}}', serverContainer()])
    process.kill(Number(stdout), 'SIGKILL')
    await until('it to answer again', () => ofDemo('SELECT 1').catch(() => undefined))
    expect(await ofDemo('SELECT i FROM kept')).toEqual([[1]])
  })

  it('comes back when somebody removes its container', async () => {
    await runOk('docker', ['rm', '-f', serverContainer()])
    await until('it to answer again', () => ofDemo('SELECT 1').catch(() => undefined))
    expect(await ofDemo('SELECT i FROM kept')).toEqual([[1]])
  })

  it('ends with a trial run, cleanly, and comes with the next one', async () => {
    await platform.stop()
    expect(await containersOf(platform.home)).toEqual([])
    await platform.start()
    await until('it to answer again', () => ofDemo('SELECT 1').catch(() => undefined))
    const { stdout } = await runOk('docker', ['logs', serverContainer()]).then(({ output }) => ({ stdout: output }))
    expect(stdout).not.toMatch(/recovery|crash/i)
    expect(await ofDemo('SELECT i FROM kept')).toEqual([[1]])
  })
})

describe('a new password', () => {
  it('reaches a fresh instance before the old one is refused', async () => {
    const before = await credentialsOf(platform, 'demo')
    const rotating = platform.admin.ssh('db:rotate demo')
    await until('the old password to be refused', () =>
      query(platform, before, 'SELECT 1').then(
        () => false,
        (error: unknown) => hasErrorCode(error, 'ER_ACCESS_DENIED_ERROR'),
      ),
    )
    const after = await credentialsOf(platform, 'demo')
    expect((await run('docker', ['exec', await instanceOf('demo'), 'env'])).stdout).toContain(after.password)
    expect((await rotating).output).toContain('has a new password')
    expect(after).toMatchObject({ name: before.name, user: before.user })
    expect(after.password).not.toBe(before.password)
    demo = after
    expect(await ofDemo('SELECT 1')).toEqual([[1]])
  })
})

describe('the prompt', () => {
  it('runs SQL from standard input, up to the first mistake', async () => {
    expect(await platform.admin.ssh('db demo', { input: 'SELECT 6*7 AS answer;' })).toMatchObject({
      exitCode: 0,
      stdout: 'answer\n42\n',
    })
    const wrong = await platform.admin.ssh('db demo', { input: 'SELEKT 1; SELECT 2;' })
    expect(wrong).toMatchObject({ exitCode: 1, stdout: '' })
    expect(wrong.stderr).toContain('error in your SQL syntax')
  })

  it('is at a terminal a MariaDB client for this database, which hears Ctrl-C itself', async () => {
    await using prompt = platform.admin.open('db demo', ['-tt'])
    await prompt.says(`${demo.name}>`)
    prompt.type('SELECT 6*7 AS answer;\r')
    await prompt.says('42')
    prompt.type('SELECT SLEEP(60);\r')
    await until('the statement to run', async () => (await credentialsOf(platform, 'demo')).connections > 0)
    prompt.type('\u0003')
    await prompt.says('Query execution was interrupted')
    prompt.type('\\! id\r')
    prompt.type('SELECT 7*7;\r')
    await prompt.says('49')
    expect(prompt.output).not.toContain('uid=')
    prompt.type('exit\r')
    expect(await prompt.ended()).toBe(0)
  })
})

describe('db:destroy and destroy', () => {
  it('ask first', async () => {
    expect((await platform.admin.ssh('db:destroy other')).exitCode).toBe(2)
    expect((await platform.admin.ssh('db:destroy other --confirm demo.localhost')).exitCode).toBe(2)
    expect(await query(platform, other, 'SELECT 1')).toEqual([[1]])
  })

  it('remove database and account, even of connections that are open', async () => {
    const open = await connectAs(platform, other)
    open.on('error', () => undefined)
    await open.query('CREATE TABLE IF NOT EXISTS t (i INT); START TRANSACTION; INSERT INTO t VALUES (1)')
    const destroyed = await platform.admin.ssh('db:destroy other --confirm other.localhost')
    expect(destroyed).toMatchObject({ exitCode: 0 })
    await expect(query(platform, other, 'SELECT 1')).rejects.toMatchObject({ code: 'ER_ACCESS_DENIED_ERROR' })
    open.destroy()
    expect((await platform.admin.ssh('db other')).exitCode).toBe(3)
    await platform.admin.ssh('destroy demo --confirm demo.localhost')
    await until('both to be gone', async () => {
      const left = (await run('ls', [`${platform.home.databases}/mariadb/data/server`])).stdout
      return !left.includes(demo.name) && !left.includes(other.name)
    })
    await expect(ofDemo('SELECT 1')).rejects.toMatchObject({ code: 'ER_ACCESS_DENIED_ERROR' })
  })
})
