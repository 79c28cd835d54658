// SFTP, scp and rsync where the daemon is not root, as on an installed system: jails are started by the process that is, working trees are the
// daemon's, storage is the site's.
import { lstat, readdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { ended, start } from '../../src/lib/exec.ts'
import { siteUid } from '../../src/names/site-uid.ts'
import { askForJail } from '../../src/privileged/jail/ask.ts'
import type { Platform } from '../helpers/platform.ts'
import { daemonUid, startUnprivileged, type Unprivileged } from '../helpers/unprivileged.ts'
import { mustBeOk, untilRelease, Uploader } from '../helpers/uploader.ts'
import { until } from '../helpers/until.ts'
import { WorkingCopy } from '../helpers/working-copy.ts'

let system: Unprivileged
let platform: Platform
let ann: Uploader
let storage: string
const target = 'x@127.0.0.1:demo.localhost/'

beforeAll(async () => {
  system = await startUnprivileged({ 'sftp-quiet-seconds': '1', 'storage-mb': '16', 'max-release-mb': '4' })
  platform = system.platform
  ann = new Uploader(await platform.addPerson('ann'), platform)
  const copy = await WorkingCopy.create(ann.person, 'demo', {
    'index.php':
      '<?php echo file_get_contents("uploads/x.txt"); file_put_contents("uploads/by-site.txt", "by the site");',
    'uploads/x.txt': 'as pushed',
    'deep/conf.ini': 'as pushed',
    'hosting.toml': 'storage = ["uploads", "deep/conf.ini"]',
  })
  await copy.pushOk()
  storage = join(platform.home.storage, 'demo.localhost')
  await writeFile(join(ann.person.home, 'x.txt'), 'uploaded')
})

afterAll(async () => {
  await system[Symbol.asyncDispose]()
})

/** An SFTP session that has answered, and goes on. */
async function openSession() {
  const args = [...ann.person.sshOptions, '-p', String(platform.sshPort), '-s', 'x@127.0.0.1', 'sftp']
  const child = start('ssh', args, { env: ann.person.env })
  // SSH_FXP_INIT, version 3
  child.stdin?.write(Buffer.from([0, 0, 0, 5, 1, 0, 0, 0, 3]))
  await new Promise((resolve) => child.stdout?.once('data', resolve))
  return { end: ended(child) }
}

/** Processes that belong to jails of this platform. */
async function jails(): Promise<string[]> {
  const pids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name))
  const commands = await Promise.all(pids.map((pid) => readFile(`/proc/${pid}/cmdline`, 'latin1').catch(() => '')))
  return commands.filter((command) => command.startsWith('bwrap') && command.includes(platform.home.root))
}

it('an upload is a commit, and what is in storage is the site’s', async () => {
  expect(await platform.get('demo')).toMatchObject({ text: 'as pushed' })
  const { stdout } = await ann.sftpOk(
    'put x.txt demo.localhost/page.txt',
    'put x.txt demo.localhost/uploads/x.txt',
    'put x.txt demo.localhost/deep/conf.ini',
    'get demo.localhost/uploads/by-site.txt',
    'ls -ln demo.localhost/uploads',
    'ls -1 /.releases/demo.localhost/1',
    'df -h demo.localhost/uploads',
  )
  expect(stdout).toContain('index.php')
  expect(stdout).toMatch(/1[0-6](\.\d)?MB/)
  expect(await readFile(join(ann.person.home, 'by-site.txt'), 'utf8')).toBe('by the site')
  expect(await untilRelease(ann.person, 'demo', 'SFTP: 1 file changed')).toMatchObject({
    state: 'live',
    account: 'ann',
  })
  expect(await platform.get('demo')).toMatchObject({ text: 'uploaded' })
  for (const path of ['uploads/x.txt', 'uploads/by-site.txt', 'deep/conf.ini'])
    expect((await lstat(join(storage, path))).uid, path).toBe(siteUid(1))
  expect((await lstat(join(platform.home.uploads, '1-2/tree/page.txt'))).uid).toBe(daemonUid)
})

it('shows nothing of the machine, nor of the platform', async () => {
  for (const path of ['/platform', '/etc', '/proc', '/usr', '/tree', '/storage'])
    expect((await ann.sftp(`ls ${path}`)).exitCode, path).not.toBe(0)
})

it('rsync and scp are commits, too', async () => {
  mustBeOk(await ann.rsync('-a', 'x.txt', `${target}by-rsync.txt`))
  mustBeOk(await ann.scp('x.txt', `${target}by-scp.txt`))
  mustBeOk(await ann.scp('-O', 'x.txt', `${target}by-old-scp.txt`))
  for (const name of ['by-rsync', 'by-scp', 'by-old-scp'])
    await until(name, async () => (await platform.get('demo', `/${name}.txt`)).text === 'uploaded')
})

it('what the site has changed is shown, and committed back', async () => {
  expect(await ann.person.json('drift demo')).toEqual([
    { path: 'deep/conf.ini', change: 'changed', bytes: 8 },
    { path: 'uploads/by-site.txt', change: 'added', bytes: 11 },
    { path: 'uploads/x.txt', change: 'changed', bytes: 8 },
  ])
  expect((await ann.person.ssh('drift:commit demo')).output).toContain('3 files committed to main')
  expect(await ann.person.json('drift demo')).toEqual([])
  expect((await readdir(platform.home.uploads)).filter((name) => name.startsWith('copy-'))).toEqual([])
})

it('a file over the limit is refused, and told by its name', async () => {
  await writeFile(join(ann.person.home, 'big.bin'), Buffer.alloc(5_000_000))
  const put = await ann.sftp('put big.bin demo.localhost/big.bin')
  expect(put.exitCode).not.toBe(0)
  expect((await ann.sftpOk('ls -1 /')).stderr).toContain('big.bin')
  await ann.sftpOk('rm demo.localhost/big.bin')
})

// The attack: the daemon is taken over, and what it asks for is to become a place of the machine.
it('asks the privileged process in vain for what lies elsewhere', async () => {
  const socket = join(platform.directory, 'privileged.sock')
  const site = { id: 1, name: '../../etc', writable: true, hasTree: true, storage: [], releases: [] }
  for (const wrong of [{ sites: [site] }, { program: { name: 'sh', args: ['-c', 'id'] } }, { uid: 0 }]) {
    const order = { account: { id: 2, name: 'ann' }, program: { name: 'SFTP', args: [] }, sites: [], ...wrong }
    await expect(askForJail(socket, order as never)).rejects.toMatchObject({ code: 'internal' })
  }
  expect(await jails()).toEqual([])
})

it('a session ends with the privileged process, and with the daemon', async () => {
  const { end } = await openSession()
  expect(await jails()).not.toEqual([])
  await platform.kill()
  await until('the jail to be gone', async () => (await jails()).length === 0)
  expect(await end).not.toBe(0)
  await system.restart()
  const again = await openSession()
  await system.killPrivileged()
  await until('the jail to be gone', async () => (await jails()).length === 0)
  await again.end
  expect((await ann.sftp('ls /')).output).toContain('does not answer')
})
