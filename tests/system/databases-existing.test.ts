// An existing server of the organisation's instead of the platform's own: over the network, with TLS that proves which server it is.
import { randomInt } from 'node:crypto'
import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { createConnection } from 'mysql2/promise'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { silentLog } from '../../src/lib/log.ts'
import { createDockerRuntime } from '../../src/runtime/docker/docker-runtime.ts'
import { containersOf } from '../helpers/clean-up.ts'
import { type Credentials, credentialsOf } from '../helpers/database.ts'
import { projectRoot } from '../helpers/paths.ts'
import { Platform } from '../helpers/platform.ts'
import { run, runOk } from '../helpers/session.ts'
import { until } from '../helpers/until.ts'

const imageTimeoutMs = 600_000
const port = 3306
const adminPassword = 'of the organisation'

let platform: Platform
const suffix = String(randomInt(100_000, 999_999))
const server = `hosting-existing-${suffix}`
const cable = `hostdb${suffix}`
const address = `10.${randomInt(200, 250)}.${randomInt(1, 250)}.2`
let demo: Credentials

/** A MariaDB with a certificate for its address, as somebody else runs it on another machine. */
async function startServer(directory: string): Promise<void> {
  await mkdir(directory)
  await makeCertificate(directory)
  await writeFile(
    join(directory, 'init.sql'),
    `CREATE USER admin@'%' IDENTIFIED BY '${adminPassword}';\nGRANT ALL PRIVILEGES ON *.* TO admin@'%' WITH GRANT OPTION;\n`,
  )
  const options = `--no-defaults --user=root --datadir=/tmp/data --socket=/tmp/s --port=${port} --skip-name-resolve`
  const setup = [
    'mariadb-install-db --no-defaults --datadir=/tmp/data --skip-test-db > /dev/null',
    `exec mariadbd ${options} --init-file=/tls/init.sql --ssl-cert=/tls/server.pem --ssl-key=/tls/server.key`,
  ].join(' && ')
  const settings = ['--name', server, '--network', 'none', '-v', `${directory}:/tls:ro`]
  await runOk('docker', ['run', '-d', ...settings, await imageOf(), 'sh', '-c', setup])
  await connectMachine((await runOk('docker', ['inspect', '-f', '{{.State.Pid}}', server])).stdout.trim())
}

/** A cable to it: on a network of Docker's, no instance would reach it. */
async function connectMachine(pid: string): Promise<void> {
  const ip = async (...args: string[]) => await runOk('ip', args)
  const inside = async (...args: string[]) => await runOk('nsenter', ['-t', pid, '-n', 'ip', ...args])
  await ip('link', 'add', cable, 'type', 'veth', 'peer', 'name', `${cable}p`)
  await ip('link', 'set', `${cable}p`, 'netns', pid)
  await ip('addr', 'add', `${address.replace(/2$/, '1')}/30`, 'dev', cable)
  await ip('link', 'set', cable, 'up')
  await inside('addr', 'add', `${address}/30`, 'dev', `${cable}p`)
  await inside('link', 'set', `${cable}p`, 'up')
  await inside('route', 'add', 'default', 'via', address.replace(/2$/, '1'))
}

async function makeCertificate(directory: string): Promise<void> {
  const openssl = async (...args: string[]) => await runOk('openssl', args, { cwd: directory })
  await openssl(
    'req',
    '-x509',
    '-newkey',
    'rsa:2048',
    '-nodes',
    '-days',
    '2',
    '-keyout',
    'ca.key',
    '-out',
    'ca.pem',
    '-subj',
    '/CN=test CA',
  )
  await openssl(
    'req',
    '-newkey',
    'rsa:2048',
    '-nodes',
    '-keyout',
    'server.key',
    '-out',
    'server.csr',
    '-subj',
    `/CN=${address}`,
  )
  await writeFile(join(directory, 'names'), `subjectAltName=IP:${address}\n`)
  await openssl(
    'x509',
    '-req',
    '-in',
    'server.csr',
    '-CA',
    'ca.pem',
    '-CAkey',
    'ca.key',
    '-days',
    '2',
    '-extfile',
    'names',
    '-out',
    'server.pem',
  )
}

async function imageOf(): Promise<string> {
  const runtime = createDockerRuntime({
    homeId: 'tests',
    buildpacksDirectory: `${projectRoot}/buildpacks`,
    log: silentLog,
  })
  await runtime.ensureImage('mariadb', () => undefined)
  await runtime.close()
  const { stdout } = await runOk('docker', ['images', 'hosting/mariadb', '--format', '{{.Repository}}:{{.Tag}}'])
  return stdout.split('\n')[0] ?? ''
}

async function connect(as: Pick<Credentials, 'user' | 'password'>, database?: string, ssl?: object) {
  return await createConnection({
    host: address,
    port,
    user: as.user,
    password: as.password,
    ...(database === undefined ? {} : { database }),
    ...(ssl === undefined ? {} : { ssl }),
  })
}

const flags = () => ({
  ...{ 'database-host': address, 'database-port': String(port), 'database-user': 'admin' },
  'database-password-file': join(platform.directory, 'password'),
  'database-ca': join(platform.directory, 'tls/ca.pem'),
})

beforeAll(async () => {
  platform = await Platform.prepare()
  await startServer(join(platform.directory, 'tls'))
  await writeFile(join(platform.directory, 'password'), `${adminPassword}\n`)
  await platform.start({ flags: flags() })
  await until(
    'the server to answer',
    () =>
      connect({ user: 'admin', password: adminPassword }).then(
        (open) => open.end().then(() => true),
        () => false,
      ),
    60_000,
  )
  await platform.admin.ssh('create demo')
  const made = await platform.admin.ssh('db:create demo')
  expect(made.output).toContain('has a database')
  demo = await credentialsOf(platform, 'demo')
}, imageTimeoutMs)
afterAll(async () => {
  await run('docker', ['rm', '-f', '-v', server])
  await run('ip', ['link', 'del', cable])
  await platform[Symbol.asyncDispose]()
})

describe('an existing server', () => {
  it('gets the databases of sites, and the platform runs none of its own', async () => {
    expect(await platform.admin.json('db demo')).toMatchObject({ host: address, port, socket: null })
    expect(await containersOf(platform.home)).toEqual([])
  })

  it('lets an account in by TLS only, to its own database only', async () => {
    await expect(connect(demo, demo.name)).rejects.toThrow(/denied/)
    const open = await connect(demo, demo.name, { rejectUnauthorized: false })
    await open.query('CREATE TABLE t (i INT)')
    await open.query('INSERT INTO t VALUES (42)')
    await expect(open.query('SELECT * FROM mysql.global_priv')).rejects.toThrow(/denied/)
    await open.end()
  })

  it('is dumped and restored as the own one is', async () => {
    const dump = await platform.admin.ssh('db:dump demo')
    expect(dump.stdout).toContain('(42)')
    expect(dump.exitCode).toBe(0)
    const restored = await platform.admin.ssh('db:restore demo', { input: dump.stdout.replace('(42)', '(43)') })
    expect(restored.output).toContain('holds 1 table now')
    const open = await connect(demo, demo.name, { rejectUnauthorized: false })
    expect((await open.query('SELECT i FROM t'))[0]).toEqual([{ i: 43 }])
    await open.end()
  })

  it('gives a new password to the account and takes the old one away', async () => {
    expect((await platform.admin.ssh('db:rotate demo')).exitCode).toBe(0)
    const after = await credentialsOf(platform, 'demo')
    await expect(connect(demo, demo.name, { rejectUnauthorized: false })).rejects.toThrow(/denied/)
    await (await connect(after, demo.name, { rejectUnauthorized: false })).end()
    demo = after
  })

  it('is opened in phpMyAdmin, by TLS', async () => {
    const opened = await platform.admin.ssh('db:admin demo', { timeoutMs: imageTimeoutMs })
    const { pathname, search } = new URL(/http:\S+/.exec(opened.stdout)?.[0] ?? '')
    const welcome = await platform.get('db', pathname + search)
    const cookie = welcome.headers['set-cookie']?.[0]?.split(';')[0] ?? ''
    const structure = `index.php?route=/database/structure&server=1&db=${demo.name}`
    const page = await platform.get('db', pathname + structure, { headers: { cookie } })
    expect(page.text).toContain('table=t&')
  })

  it('that cannot prove who it is gets no password', async () => {
    await platform.stop()
    const other = join(platform.directory, 'other')
    await mkdir(other)
    await makeCertificate(other)
    await platform.start({ flags: { ...flags(), 'database-ca': join(other, 'ca.pem') } })
    const info = await platform.admin.ssh('db demo')
    expect(info.stderr).toContain('does not answer')
    expect(info.exitCode).toBe(1)
    expect(await platform.daemon.log()).toContain('unable to verify the first certificate')
  })
})
