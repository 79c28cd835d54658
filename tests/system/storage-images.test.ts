// The file systems of sites' storage: real loop mounts, so these tests run as root. Each site is its own uid; what a test does as a site, it
// does as that uid.
import {
  chmod,
  lstat,
  mkdir,
  readdir,
  readFile,
  realpath,
  rename,
  rm,
  stat,
  symlink,
  writeFile,
} from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { loadConfig } from '../../src/config/load.ts'
import { createStorages } from '../../src/data/storage/storages.ts'
import { exec, execOk, killGroup, start } from '../../src/lib/exec.ts'
import { exists } from '../../src/lib/files.ts'
import { createId } from '../../src/lib/id.ts'
import { silentLog } from '../../src/lib/log.ts'
import { parseHostName } from '../../src/names/host-name.ts'
import { createCalls } from '../../src/privileged/call.ts'
import { createJailServer, type JailServer } from '../../src/privileged/jail/serve.ts'
import { createPerforming, findRights, type Performing } from '../../src/privileged/perform.ts'
import { createPrivilegedServer } from '../../src/privileged/serve.ts'
import type { StorageContext } from '../../src/privileged/storage/ensure.ts'
import { projectRoot, scratchDirectory } from '../helpers/paths.ts'
import { until } from '../helpers/until.ts'

const mb = 1024 * 1024
const one = { name: parseHostName('one.example'), id: 1 }
const two = { name: parseHostName('two.example'), id: 2 }

let home: string
let context: StorageContext
let storages: Performing
let flags: Record<string, string>
let jails: JailServer

beforeEach(async () => {
  home = await realpath(await scratchDirectory('storage'))
  context = {
    storage: join(home, 'storage'),
    releases: join(home, 'releases'),
    quotaBytes: 24 * mb,
    rights: await findRights(),
  }
  storages = createPerforming(context)
  flags = { home, 'storage-mb': '24' }
  jails = createJailServer(loadConfig({ flags, env: {} }))
})
afterEach(async () => {
  await storages.unmountAll()
  await rm(home, { recursive: true })
})

const place = (site: { name: string }, path = '') => join(context.storage, site.name, path)

/** Runs a command line as a site, in its storage. */
async function as(site: { name: string; id: number }, commandLine: string) {
  const uid = String(200_000 + site.id)
  const become = ['--reuid', uid, '--regid', uid, '--clear-groups', '--no-new-privs', '--']
  return await exec('setpriv', [...become, 'sh', '-c', commandLine], { cwd: place(site), env: { LC_ALL: 'C' } })
}

async function mountsOf(path: string): Promise<string[]> {
  return (await readFile('/proc/self/mountinfo', 'utf8')).split('\n').filter((line) => line.includes(path))
}

const devices = async () =>
  (await execOk('losetup', ['--list', '--noheadings', '--output', 'BACK-FILE']))
    .split('\n')
    .filter((line) => line.includes(home))

/** A release that holds these files for storage. */
async function release(site: { name: string }, files: Record<string, string | { to: string }>, paths: string[]) {
  const directory = createId()
  for (const [path, content] of Object.entries(files)) {
    const file = join(context.releases, site.name, directory, 'seed', path)
    await mkdir(dirname(file), { recursive: true })
    await (typeof content === 'string' ? writeFile(file, content) : symlink(content.to, file))
  }
  return { directory, paths }
}

/** As a daemon that is not root. */
async function asNobody(work: () => Promise<void>): Promise<void> {
  process.seteuid?.(65_534)
  try {
    await work()
  } finally {
    process.seteuid?.(0)
  }
}

describe('storage', () => {
  it("is the site's own, and no way to more rights", async () => {
    expect(await storages.ensure({ site: one })).toEqual({ enforced: true })
    const { uid, gid, mode } = await lstat(place(one))
    expect([uid, gid, mode & 0o7777]).toEqual([200_001, 200_001, 0o700])
    expect(await mountsOf(place(one))).toEqual([expect.stringMatching(/nosuid,nodev/)])
    expect(await as(one, 'echo hello > x && cat x')).toMatchObject({ stdout: 'hello\n' })
    await storages.ensure({ site: two })
    expect(await as(two, `cat ${place(one)}/x; ls ${place(one)}`)).toMatchObject({ stdout: '' })
  })

  it('that is full has no space left; its neighbour does not notice, and what is removed is room again', async () => {
    for (const site of [one, two]) await storages.ensure({ site })
    const filled = await as(one, 'dd if=/dev/zero of=big bs=1M count=40')
    expect(filled).toMatchObject({ exitCode: 1, stderr: expect.stringContaining('No space left on device') as string })
    expect((await as(two, 'dd if=/dev/zero of=big bs=1M count=10')).exitCode).toBe(0)
    const image = await stat(join(context.storage, '.images/one.example.img'))
    expect(image.size).toBe(24 * mb)
    expect((await as(one, 'rm big && sync . && dd if=/dev/zero of=big bs=1M count=10 && rm big')).exitCode).toBe(0)
  })

  it('has a limit of files, too', async () => {
    await storages.ensure({ site: one })
    const { stderr } = await as(one, 'i=0; while [ $i -lt 3000 ]; do : > f$i || break; i=$((i+1)); done')
    expect(stderr).toContain('No space left on device')
    expect((await readdir(place(one))).length).toBeLessThan(2000)
  })

  it('is mounted once, however often it is asked for', async () => {
    await Promise.all(Array.from({ length: 5 }, () => storages.ensure({ site: one })))
    expect(await mountsOf(place(one))).toHaveLength(1)
    expect(await devices()).toHaveLength(1)
  })

  it('is there again after it was unmounted, also where something still uses it', async () => {
    await storages.ensure({ site: one })
    await as(one, 'echo kept > x')
    // As an instance has it: mounted once more elsewhere, in this case held open.
    const held = exec('sh', ['-c', 'exec sleep 2 < x'], { cwd: place(one) })
    await storages.unmountAll()
    expect(await mountsOf(place(one))).toEqual([])
    await storages.ensure({ site: one })
    expect(await devices()).toHaveLength(1)
    expect(await readFile(place(one, 'x'), 'utf8')).toBe('kept\n')
    await held
    await storages.unmountAll()
    await expect.poll(devices).toEqual([])
  })

  it('grows with the quota and keeps what it has', async () => {
    await storages.ensure({ site: one })
    await as(one, 'echo kept > x')
    const larger = createPerforming({ ...context, quotaBytes: 64 * mb })
    await larger.ensure({ site: one })
    await larger.unmountAll()
    await larger.ensure({ site: one })
    expect((await as(one, 'dd if=/dev/zero of=big bs=1M count=40')).exitCode).toBe(0)
    expect(await readFile(place(one, 'x'), 'utf8')).toBe('kept\n')
    expect(await readdir(join(context.storage, '.images'))).toEqual(['one.example.img'])
    await storages.ensure({ site: one })
    expect((await as(one, 'ls -s big')).exitCode).toBe(0)
  })

  it('is made anew where making it was cut off, and mended after a power cut', async () => {
    await mkdir(join(context.storage, '.images'), { recursive: true })
    await execOk('chmod', ['0711', context.storage])
    await writeFile(join(context.storage, '.images/one.example.img~new'), 'half')
    await storages.ensure({ site: one })
    expect((await as(one, 'echo x > x')).exitCode).toBe(0)
    const image = join(context.storage, '.images/one.example.img')
    // As it is on the disk when the power goes: its journal has to be replayed.
    await execOk('sync', ['--file-system', place(one)])
    await as(one, 'echo later > later')
    await execOk('cp', ['--sparse=always', image, `${image}.cut`])
    await storages.unmountAll()
    await rename(`${image}.cut`, image)
    await storages.ensure({ site: one })
    expect(await readFile(place(one, 'x'), 'utf8')).toBe('x\n')
    expect((await as(one, 'echo more > more')).exitCode).toBe(0)
  })

  it('of another site of that name is not given to the next one', async () => {
    await storages.ensure({ site: one })
    await storages.unmountAll()
    await expect(storages.ensure({ site: { ...one, id: 7 } })).rejects.toMatchObject({ code: 'conflict' })
    expect(await mountsOf(place(one))).toEqual([])
  })

  it('that was kept without a mount stays where it is', async () => {
    const plain = createPerforming({ ...context, rights: { root: true, mounts: false } })
    expect(await plain.ensure({ site: one })).toEqual({ enforced: false })
    await as(one, 'echo kept > x')
    expect(await storages.ensure({ site: one })).toEqual({ enforced: false })
    expect(await readFile(place(one, 'x'), 'utf8')).toBe('kept\n')
    await storages.ensure({ site: two })
    await storages.unmountAll()
    await expect(plain.ensure({ site: two })).rejects.toMatchObject({ code: 'unavailable' })
  })

  // The attack: whoever may write to storage/ puts a link there, and root follows it.
  it('is not kept where others may write', async () => {
    await mkdir(context.storage)
    await execOk('chown', ['200001', context.storage])
    await expect(storages.ensure({ site: one })).rejects.toMatchObject({ code: 'unavailable' })
  })
})

describe('discarding', () => {
  it('leaves no mount, no device and no file', async () => {
    for (const site of [one, two]) await storages.ensure({ site })
    await as(one, 'mkdir -p a/b && echo x > a/b/c')
    await storages.discard({ name: one.name })
    expect(await readdir(context.storage)).not.toContain(one.name)
    await storages.sweep({})
    expect(await mountsOf(place(one))).toEqual([])
    expect(await devices()).toHaveLength(1)
    expect(await readdir(context.storage)).toEqual(['.images', 'two.example'])
    expect(await readdir(join(context.storage, '.images'))).toEqual(['two.example.img'])
    await storages.discard({ name: one.name })
  })

  it('removes what belongs to no site that is known', async () => {
    for (const site of [one, two]) await storages.ensure({ site })
    await writeFile(join(context.storage, '.images/three.example.img~new'), '')
    await storages.settle({ known: [two.name] })
    await storages.sweep({})
    expect(await readdir(context.storage)).toEqual(['.images', 'two.example'])
    expect(await readdir(join(context.storage, '.images'))).toEqual(['two.example.img'])
    expect(await devices()).toHaveLength(1)
  })

  // The attack: a link in one's storage, in the hope that the removal follows it.
  it('follows no link', async () => {
    const plain = createPerforming({ ...context, rights: { root: true, mounts: false } })
    const precious = join(home, 'precious')
    await writeFile(precious, 'x')
    await plain.ensure({ site: one })
    await as(one, `ln -s ${home} up; ln -s ${precious} file`)
    await plain.discard({ name: one.name })
    await plain.sweep({})
    expect(await readFile(precious, 'utf8')).toBe('x')
    expect(await readdir(context.storage)).toEqual([])
  })
})

describe('seeding', () => {
  it('happens once, whole, as the site; what is there is never written over', async () => {
    const first = await release(
      one,
      { 'up/a.txt': 'a', 'up/deep/b.txt': 'b', 'config.php': 'c', 'up/link': { to: 'a.txt' } },
      ['config.php', 'new/', 'later.php', 'up/'],
    )
    expect(await storages.seed({ site: one, release: first })).toEqual({ seeded: ['config.php', 'up/'] })
    expect(
      await as(
        one,
        'cat up/a.txt up/deep/b.txt config.php up/link; stat -c %u up up/deep/b.txt new; rm up/a.txt; echo mine > config.php',
      ),
    ).toMatchObject({
      exitCode: 0,
      stdout: 'abca200001\n200001\n200001\n',
    })
    const second = await release(one, { 'up/a.txt': 'a', 'up/c.txt': 'c', 'config.php': 'newer' }, first.paths)
    expect(await storages.seed({ site: one, release: second })).toEqual({ seeded: [] })
    expect(await as(one, 'cat config.php; ls up')).toMatchObject({ stdout: 'mine\ndeep\nlink\n' })
    expect((await readdir(place(one))).sort()).toEqual(['config.php', 'lost+found', 'new', 'up'])
  })

  it('that finds no room leaves nothing and says so', async () => {
    const large = await release(one, { 'up/big': 'x'.repeat(30 * mb) }, ['up/'])
    await expect(storages.seed({ site: one, release: large })).rejects.toMatchObject({ code: 'too-large' })
    expect(await readdir(place(one))).toEqual(['lost+found'])
  })

  it('cut off by a crash is done again', async () => {
    await storages.ensure({ site: one })
    await as(one, 'mkdir -p .hosting-seed-0000000000000000/up; echo half > .hosting-seed-0000000000000000/up/a.txt')
    await storages.seed({ site: one, release: await release(one, { 'up/a.txt': 'whole' }, ['up/']) })
    expect(await readFile(place(one, 'up/a.txt'), 'utf8')).toBe('whole')
    expect((await readdir(place(one))).sort()).toEqual(['lost+found', 'up'])
  })

  // The attack: what a site has in its storage, or in its repository, leads to a file of the server or of a neighbour.
  it('leads nowhere by links in storage', async () => {
    for (const site of [one, two]) await storages.ensure({ site })
    const outside = join(home, 'outside')
    await mkdir(outside, { mode: 0o777 })
    await as(
      one,
      `ln -s ${outside} dir; ln -s ../../two.example other; ln -s ${outside}/new.txt file; ln -s ${outside}/sub dangling; ln -s /etc/shadow shadow`,
    )
    const attack = await release(
      one,
      { 'dir/x': 'x', 'other/x': 'x', file: 'x', 'dangling/x': 'x', shadow: 'x', 'dir/deep/x': 'x' },
      ['dangling/', 'dir/deep/', 'file', 'other/', 'shadow'],
    )
    expect(await storages.seed({ site: one, release: attack })).toEqual({ seeded: [] })
    expect([await readdir(outside), await readdir(place(two))]).toEqual([[], ['lost+found']])
  })

  it('leads nowhere by links in the repository', async () => {
    const secret = join(home, 'secret')
    await writeFile(secret, 'secret', { mode: 0o600 })
    const attack = await release(
      one,
      { 'up/file': { to: secret }, 'up/dir': { to: home }, 'up/shadow': { to: '/etc/shadow' } },
      ['up/'],
    )
    await storages.seed({ site: one, release: attack })
    expect(await as(one, 'cat up/file up/shadow up/dir/secret')).toMatchObject({ stdout: '' })
    const { paths } = await storages.survey({ site: one, release: attack })
    expect(paths).toEqual([{ path: 'up/', bytes: 0, files: 3, drift: { changed: 0, added: 0, missing: 0 } }])
  })

  it('takes no path that leads out', async () => {
    for (const path of ['../two.example/x', '/etc/x', 'a/../../x', '.', ''])
      await expect(storages.seed({ site: one, release: await release(one, {}, [path]) })).rejects.toThrow(
        'not the name of a file',
      )
  })
})

describe('a survey', () => {
  it('counts by path and tells what differs from the repository', async () => {
    const held = { 'up/same': 'same', 'up/changed': 'one', 'up/touched': 'touched', 'up/gone': 'x', 'config.php': 'c' }
    const seeded = await release(one, held, ['config.php', 'free/', 'up/'])
    await storages.seed({ site: one, release: seeded })
    await as(
      one,
      'echo two > up/changed; touch up/touched; rm up/gone; mkdir up/sub "free/odd\nname"; : > up/sub/added; echo > "up/a\nb"; (cd free/odd*; dd if=/dev/zero of=big bs=1k count=100); mkdir old; echo x > old/x; mkfifo up/fifo',
    )
    const found = await storages.survey({ site: one, release: seeded })
    expect(found).toMatchObject({
      enforced: true,
      partial: false,
      paths: [
        { path: 'config.php', files: 1, drift: { changed: 0, added: 0, missing: 0 } },
        { path: 'free/', files: 1, bytes: 102_400, drift: null },
        { path: 'up/', drift: { changed: 1, added: 3, missing: 1 } },
      ],
      elsewhere: { files: 1 },
    })
    expect(found.quota.bytes).toBeGreaterThan(15 * mb)
    expect(found.used.bytes).toBeGreaterThan(102_400)
    expect(found.used.bytes).toBeLessThan(mb)
  })
})

describe('the privileged process', () => {
  it('does the same for whoever asks by its socket, and nothing else', async () => {
    const path = join(home, 'privileged.sock')
    const server = createPrivilegedServer({ privileged: storages, jails, log: silentLog })
    await new Promise<void>((resolve) => server.listen(path, resolve))
    try {
      const calls = createCalls(path)
      expect(await calls.ensure({ site: one })).toEqual({ enforced: true })
      const seeded = await release(one, { 'up/a': 'a' }, ['up/'])
      expect(await calls.seed({ site: one, release: seeded })).toEqual({ seeded: ['up/'] })
      expect(await calls.survey({ site: one, release: seeded })).toMatchObject({
        enforced: true,
        paths: [{ files: 1 }],
      })
      const outside = parseHostName('x.example').replace('x', '../..') as typeof one.name
      await expect(calls.discard({ name: outside })).rejects.toMatchObject({ code: 'internal' })
      await expect(calls.ensure({ site: { ...one, id: -200_000 } })).rejects.toMatchObject({ code: 'internal' })
      await calls.settle({ known: [] })
      await calls.sweep({})
      expect(await readdir(context.storage)).toEqual(['.images'])
    } finally {
      await new Promise((resolve) => server.close(resolve))
    }
    await expect(createCalls(path).sweep({})).rejects.toMatchObject({ code: 'unavailable' })
  })

  it('is started by systemd for a daemon that is not root', async () => {
    const socket = join(home, 'activated.sock')
    const variables = { HOSTING_HOME: home, HOSTING_STORAGE_MB: '24', HOSTING_LOG_LEVEL: 'silent' }
    const passed = Object.keys(variables).map((name) => `--setenv=${name}`)
    const program = [process.execPath, join(projectRoot, 'src/privileged/main.ts')]
    const activation = start('systemd-socket-activate', [`--listen=${socket}`, ...passed, ...program], {
      env: variables,
      stdio: 'ignore',
    })
    try {
      await until('the socket', () => exists(socket))
      await chmod(socket, 0o666)
      const seeded = await release(one, { 'up/a': 'a' }, ['up/'])
      await asNobody(async () => {
        const storages = await createStorages(loadConfig({ flags: { ...flags, 'privileged-socket': socket }, env: {} }))
        expect(storages.warning).toBeUndefined()
        expect(await storages.ensure(one)).toBe(place(one))
        expect(await storages.seed(one, seeded)).toEqual(['up/'])
        expect(await storages.survey(one, seeded)).toMatchObject({ enforced: true, paths: [{ files: 1 }] })
        await expect(readdir(place(one))).rejects.toThrow('EACCES')
      })
      expect(await mountsOf(place(one))).toHaveLength(1)
    } finally {
      killGroup(activation.pid)
    }
  })

  it('is not there: storage is a directory without a limit, which is said', async () => {
    await execOk('chown', ['65534', home])
    const seeded = await release(one, { 'up/sub/a': 'a' }, ['up/', 'new/'])
    await asNobody(async () => {
      const storages = await createStorages(loadConfig({ flags: { ...flags, 'privileged-socket': '' }, env: {} }))
      expect(storages.warning).toContain('not root')
      await storages.ensure(one)
      expect(await storages.seed(one, seeded)).toEqual(['up/'])
    })
    expect((await lstat(context.storage)).mode & 0o777).toBe(0o700)
    // Its instance gets there by its mount.
    await chmod(context.storage, 0o711)
    expect(await as(one, 'cat up/sub/a; echo more > up/sub/b; echo x > new/x; echo b > up/sub/a')).toMatchObject({
      exitCode: 0,
      stdout: 'a',
    })
    await asNobody(async () => {
      const storages = await createStorages(loadConfig({ flags: { ...flags, 'privileged-socket': '' }, env: {} }))
      expect(await storages.survey(one, seeded)).toMatchObject({
        enforced: false,
        paths: [
          { path: 'up/', files: 2, drift: { changed: 1, added: 1, missing: 0 } },
          { path: 'new/', files: 1 },
        ],
      })
      await storages.discard(one.name)
      await storages.sweep()
    })
    expect(await readdir(context.storage)).toEqual([])
  })

  it('says when nobody has asked for a while', async () => {
    await new Promise<void>((resolve) => {
      createPrivilegedServer({ privileged: storages, jails, log: silentLog, idle: { afterMs: 20, call: resolve } })
    })
  })
})
