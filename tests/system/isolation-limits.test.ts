// What a hostile site may use up is its own: processes, memory, disk, log. And where it leaves links for those with more rights to follow,
// nobody follows them.
import { createServer, type Server } from 'node:http'
import { chmod, lstat, mkdir, readdir, readFile, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { runningContainersOf } from '../helpers/clean-up.ts'
import { type HostileSite, pushHostileSite } from '../helpers/hostile-site.ts'
import { type Platform, startPlatform } from '../helpers/platform.ts'
import { runOk } from '../helpers/session.ts'
import { until } from '../helpers/until.ts'

let platform: Platform
let mallory: HostileSite
let victim: HostileSite

beforeAll(async () => {
  platform = await startPlatform({ flags: { 'storage-mb': '16', 'instance-pids': '64' } })
  victim = await pushHostileSite(platform, 'victim')
  mallory = await pushHostileSite(platform, 'mallory')
}, 900_000)
afterAll(async () => await platform[Symbol.asyncDispose]())

const idle = async (site: string) => (await platform.get(site)).text === 'idle'

describe('a site that takes all it can get', () => {
  it('of processes has so many, and its neighbour does not notice', async () => {
    const bomb = mallory.sh('for i in $(seq 200); do sleep 4 & done; echo forked').catch(() => 'cut off')
    const [name = ''] = await runningContainersOf(platform.home, 'mallory.localhost')
    for (let count = 0; count < 10; count++) {
      const { stdout } = await runOk('docker', ['top', name, '-o', 'pid'])
      expect(stdout.split('\n').length).toBeLessThan(70)
      expect(await idle('victim')).toBe(true)
    }
    expect(await bomb).toMatch(/Resource temporarily unavailable|Cannot fork|cut off/)
    await until('it to answer again', () => idle('mallory'))
  })

  it('of memory is ended at its limit, and answers the next visitor', async () => {
    const greedy = mallory.sh(`php -d memory_limit=-1 -r '$a = str_repeat("x", 600 << 20); echo strlen($a);'`)
    expect(await idle('victim')).toBe(true)
    expect(await greedy.catch(() => 'ended')).not.toContain('629145600')
    await until('it to answer again', () => idle('mallory'))
  })

  it('of /tmp has no more than its 64 MB', async () => {
    expect(await mallory.sh('head -c 100000000 /dev/zero > /tmp/full')).toContain('No space left on device')
    expect(await idle('mallory')).toBe(true)
    await mallory.sh('rm /tmp/full')
  })

  it('of storage has its quota, in bytes and in files', async () => {
    expect(await mallory.sh('head -c 30000000 /dev/zero > /storage/data/full')).toContain('No space left on device')
    await mallory.sh('rm /storage/data/full')
    const many = await mallory.php(`for ($i = 0; $i < 5000; $i++) if (!@touch("/storage/data/f$i")) break; echo $i;`)
    expect(Number(many)).toBeLessThan(1100)
    expect(await victim.sh('echo mine > /storage/data/new')).toBe('status 0')
    expect(await idle('mallory')).toBe(true)
    await mallory.sh('rm -f /storage/data/f*')
  })

  // The attack: the directory of the instance's socket lies on the host's disk, and no quota is on it.
  it('of the disk of the machine has nothing: the folder of its socket is closed', async () => {
    expect(await mallory.sh('head -c 1000 /dev/zero > /run/site/full')).toContain('Permission denied')
    expect(await mallory.sh('mkdir /run/site/folder')).toContain('Permission denied')
  })

  it('of the log has its share, of which the last lines can be read', async () => {
    await mallory.php(`for ($i = 0; $i < 300; $i++) error_log(str_repeat('flood ', 3000)); error_log('the last line');`)
    const [name = ''] = await runningContainersOf(platform.home, 'mallory.localhost')
    const { stdout } = await runOk('docker', ['inspect', '-f', '{{.LogPath}}', name])
    const directory = join(stdout.trim(), '..')
    const logs = (await readdir(directory)).filter((entry) => entry.includes('-json.log'))
    const sizes = await Promise.all(logs.map(async (entry) => (await stat(join(directory, entry))).size))
    expect(sizes.reduce((sum, size) => sum + size, 0)).toBeLessThan(4e6)
    expect((await platform.admin.ssh('logs mallory --source app -n 5')).stdout).toContain('the last line')
  })
})

describe('a link that leads out', () => {
  let outside: string
  let service: Server

  beforeAll(async () => {
    outside = join(platform.directory, 'outside')
    await mkdir(join(outside, 'folder'), { recursive: true })
    await writeFile(join(outside, 'folder/canary'), 'x'.repeat(200_000))
    service = createServer((_, response) => response.end('secret')).listen(join(outside, 'service.sock'))
    await new Promise((resolve) => service.once('listening', resolve))
    for (const path of [outside, join(outside, 'service.sock')]) await chmod(path, 0o777)
  })
  afterAll(() => service.close())

  // The attack: nginx, outside of the instance, opens whatever the name of the socket leads to.
  it('in place of its socket cannot be made', async () => {
    const answer = await mallory.sh(`ln -sf ${join(outside, 'service.sock')} /run/site/web.sock`)
    expect(answer).toContain('Permission denied')
    expect(await idle('mallory')).toBe(true)
  })

  it('in place of the other files there is not followed by the daemon', async () => {
    await mallory.sh(`ln -sf ${join(outside, 'folder/canary')} /run/site/go; mkfifo /run/site/other`)
    expect((await platform.admin.ssh('restart mallory')).exitCode).toBe(0)
    expect(await idle('mallory')).toBe(true)
    // nginx wants to remove its socket when it ends, and is given something to remove.
    expect((await platform.admin.ssh('logs mallory --source app')).stdout).not.toMatch(/unlink|emerg/)
    expect(await readFile(join(outside, 'folder/canary'), 'utf8')).toHaveLength(200_000)
  })

  it('is counted and compared as a link, not as what it leads to', async () => {
    await mallory.sh(`rm -rf /storage/data; ln -s ${join(outside, 'folder')} /storage/data`)
    const survey = await platform.admin.ssh('storage mallory')
    expect(survey.exitCode).toBe(0)
    expect(survey.stdout).toMatch(/data\/ +0 B/)
  })

  it('gets nothing written to where it leads by a deploy that brings files for it', async () => {
    await mallory.copy.commit({ 'data/more.txt': 'more' })
    await mallory.copy.push()
    expect(await readdir(join(outside, 'folder'))).toEqual(['canary'])
  })

  it('outlives the site that made it: what is removed is the link', async () => {
    await mallory.sh(
      `ln -s ${outside} /storage/deeper; ln -s /etc /storage/etc; mkdir -p /storage/closed/x; chmod 0 /storage/closed`,
    )
    expect((await platform.admin.ssh('destroy mallory --confirm mallory.localhost')).exitCode).toBe(0)
    expect(await readdir(join(outside, 'folder'))).toEqual(['canary'])
    expect((await lstat('/etc/passwd')).isFile()).toBe(true)
    const left = async () => (await readdir(platform.home.storage)).filter((name) => name.includes('mallory'))
    await until('its storage to be gone', async () => (await left()).length === 0)
    expect(await idle('victim')).toBe(true)
  })
})
