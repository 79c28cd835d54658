// What a site writes and keeps: PHP sites on the whole platform, pushed and asked as people do. Needs root, for the mounts.
import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { z } from 'zod'
import type { Person } from '../helpers/person.ts'
import { type Platform, startPlatform } from '../helpers/platform.ts'
import { runOk } from '../helpers/session.ts'
import { until } from '../helpers/until.ts'
import { visitWhile } from '../helpers/visitors.ts'
import { type Files, WorkingCopy } from '../helpers/working-copy.ts'

/** Writes, reads and appends what it is asked to. */
const program = `<?php
$path = $_GET['path'] ?? null;
if (isset($_GET['fill'])) {
  $file = fopen($path, 'w');
  for ($i = 0; $i < (int) $_GET['fill']; $i++) if (@fwrite($file, str_repeat('x', 1 << 20)) === false) break;
  exit($i === (int) $_GET['fill'] ? 'written' : error_get_last()['message']);
}
if (isset($_GET['append'])) exit(file_put_contents($path, $_GET['append'] . "\\n", FILE_APPEND | LOCK_EX) === false ? 'failed' : 'written');
if (isset($_GET['write'])) exit(file_put_contents($path, $_GET['write']) === false ? 'failed' : 'written');
if ($path !== null) exit(@file_get_contents($path) ?: 'nothing');
echo 'version 1';
`
const settings = 'storage = ["uploads", "conf.php", "fresh"]\n'

let platform: Platform
let ann: Person

beforeAll(async () => {
  platform = await startPlatform({ flags: { 'storage-mb': '32' } })
  ann = await platform.addPerson('ann')
  // The first PHP site of a machine makes its image.
  await pushed('first')
}, 900_000)
afterAll(async () => await platform[Symbol.asyncDispose]())

async function pushed(site: string, files: Files = {}): Promise<WorkingCopy> {
  const copy = await WorkingCopy.create(ann, site, {
    'index.php': program,
    'hosting.toml': settings,
    ...files,
  })
  await copy.pushOk()
  return copy
}

async function ask(site: string, query: Record<string, string>): Promise<string> {
  return (await platform.get(site, `/?${new URLSearchParams(query).toString()}`)).text
}

const version = (number: number): Files => ({ 'index.php': program.replace('version 1', `version ${number}`) })
const mounts = async () =>
  (await readFile('/proc/self/mountinfo', 'utf8')).split('\n').filter((line) => line.includes(platform.home.storage))
const devices = async () =>
  (await runOk('losetup', ['--list', '--noheadings', '--output', 'BACK-FILE'])).stdout
    .split('\n')
    .filter((line) => line.includes(platform.home.root))

describe('storage', () => {
  it('begins with what the repository holds, keeps what the site writes, and tells the difference', async () => {
    const copy = await pushed('keeps', { 'uploads/first.txt': 'first', 'uploads/second.txt': 'second' })
    expect(await ask('keeps', { path: 'uploads/first.txt' })).toBe('first')
    expect(await ask('keeps', { path: 'uploads/first.txt', write: 'changed' })).toBe('written')
    expect(await ask('keeps', { path: 'uploads/added.txt', write: 'added' })).toBe('written')
    expect(await ask('keeps', { path: 'conf.php', write: '<?php return 1;' })).toBe('written')
    expect(await ask('keeps', { path: 'fresh/file', write: 'x' })).toBe('written')
    await copy.commit({ ...version(2), 'uploads/first.txt': 'newer', 'uploads/third.txt': 'third' })
    const { stderr } = await copy.pushOk()
    expect(stderr).toContain('uploads/ stays as the site has it, without the 2 changes of this commit')
    expect(await ask('keeps', {})).toBe('version 2')
    expect(await ask('keeps', { path: 'uploads/first.txt' })).toBe('changed')
    expect(await ask('keeps', { path: 'conf.php' })).toBe('<?php return 1;')
    expect((await ann.ssh('rollback keeps')).exitCode).toBe(0)
    expect(await ask('keeps', { path: 'uploads/added.txt' })).toBe('added')
    expect((await ann.ssh('rollback keeps 2')).exitCode).toBe(0)
    expect(await ann.json('storage keeps')).toMatchObject({
      enforced: true,
      paths: [
        { path: 'conf.php', files: 1, drift: null },
        { path: 'fresh/', files: 1, drift: null },
        { path: 'uploads/', files: 3, drift: { changed: 1, added: 1, missing: 1 } },
      ],
    })
    expect((await ann.ssh('storage keeps')).stdout).toMatch(/uploads\/ +12\.3 kB +3 +1 changed, 1 added, 1 missing/)
  })

  it('that is full has no space left, and the neighbour and the platform do not notice', async () => {
    await Promise.all([pushed('full'), pushed('neighbour')])
    expect(await ask('full', { path: 'uploads/big', fill: '64' })).toContain('No space left on device')
    expect(await ask('neighbour', { path: 'uploads/big', fill: '16' })).toBe('written')
    expect((await ann.ssh('storage full')).exitCode).toBe(0)
    const copy = await WorkingCopy.clone(ann, 'full')
    await copy.commit(version(2))
    await copy.pushOk()
    expect(await ask('full', {})).toBe('version 2')
  })

  it('is shared by the old and the new instance: no request fails and no write is lost during deploys', async () => {
    const copy = await pushed('busy')
    let number = 0
    const written: string[] = []
    const visits = await visitWhile(
      {
        port: platform.httpPort,
        host: 'busy.localhost',
        paths: ['/', '/?path=uploads%2Flog'],
        complain: ({ status }) => (status === 200 ? undefined : String(status)),
      },
      async () => {
        const over = new AbortController()
        const writing = (async () => {
          while (!over.signal.aborted) {
            const line = `line ${number++}`
            if ((await ask('busy', { path: 'uploads/log', append: line })) === 'written') written.push(line)
          }
        })()
        for (let deploy = 2; deploy < 7; deploy++) {
          await copy.commit(version(deploy))
          await copy.pushOk()
        }
        over.abort()
        await writing
      },
    )
    expect(visits.complaints).toEqual([])
    expect(written).toHaveLength(number)
    expect((await ask('busy', { path: 'uploads/log' })).trim().split('\n')).toEqual(written)
    expect(written.length).toBeGreaterThan(20)
  })

  it('is the only place to write, and the log says what to do', async () => {
    await pushed('strict')
    expect(await ask('strict', { path: 'elsewhere.txt', write: 'x' })).not.toBe('written')
    const logged = await until('the warning', async () => {
      const ran = await ann.ssh('logs strict --source app')
      return ran.stdout.includes('Read-only file system') ? ran : undefined
    })
    expect(logged.stderr.match(/tried to write outside of its storage/g)).toHaveLength(1)
    const broken = await WorkingCopy.create(ann, 'broken', {
      'index.php': '<?php if (!mkdir("cache")) { http_response_code(500); exit; }',
    })
    const { exitCode, output } = await broken.push()
    expect([exitCode === 0, output.includes('docs/storage.md')]).toEqual([false, true])
  })

  // The attack: links in one's storage, in the hope that the platform follows them at the next push or when it is asked for its size.
  it('leads nowhere else', async () => {
    const attack = `<?php
      symlink('/etc/shadow', '/storage/shadow'); symlink('../keeps.localhost', '/storage/other'); symlink('/', '/storage/root');
      foreach (['/storage/other/conf.php', '/storage/root/etc/shadow', '/storage/../keeps.localhost/conf.php'] as $path) echo @file_get_contents($path) ?: '-';
      chmod('/storage', 0777); echo @rename('/storage', '/storage2') ? 'moved' : '-'; echo @mkdir('/storage/lost+found/x') ? 'made' : '-';`
    const copy = await pushed('attacker', { 'attack.php': attack })
    expect((await platform.get('attacker', '/attack.php')).text).toBe('-----')
    await copy.commit({
      'hosting.toml': 'storage = ["shadow", "other/x", "root/tmp/x", "uploads"]\n',
      shadow: 'x',
      'other/x/y': 'x',
      'root/tmp/x/y': 'x',
    })
    await copy.pushOk()
    expect(await ann.json('storage attacker')).toMatchObject({
      paths: [{ path: 'other/x/' }, { path: 'root/tmp/x/' }, { path: 'shadow' }, { path: 'uploads/' }],
    })
    expect(await ask('keeps', { path: 'conf.php' })).toBe('<?php return 1;')
    expect(await readdir('/tmp')).not.toContain('x')
  })

  it('is nothing that a static site has, which is said at the push', async () => {
    const copy = await WorkingCopy.create(ann, 'page', { 'index.html': 'x', 'hosting.toml': settings })
    expect((await copy.pushOk()).stderr).toContain('storage is not used')
    expect((await ann.ssh('storage page')).stdout).toContain('keeps nothing')
    expect(await readdir(platform.home.storage)).not.toContain('page.localhost')
  })

  it.each(['../up', '/etc', '.git/hooks', 'hosting.toml'])('is not kept at %s', async (path) => {
    const copy = await WorkingCopy.create(ann, 'wrong', { 'index.php': 'x', 'hosting.toml': `storage = ["${path}"]\n` })
    const { exitCode, output } = await copy.push()
    expect([exitCode === 0, output.includes('storage')]).toEqual([false, true])
  })
})

describe('the end of', () => {
  it('a site is that of its storage', async () => {
    const copy = await pushed('gone')
    await ask('gone', { path: 'uploads/x', write: 'x' })
    const before = (await devices()).length
    expect((await ann.ssh('destroy gone --confirm gone.localhost')).exitCode).toBe(0)
    await expect.poll(devices, { timeout: 20_000 }).toHaveLength(before - 1)
    expect((await mounts()).filter((line) => line.includes('gone.localhost'))).toEqual([])
    for (const place of ['', '.images'])
      expect((await readdir(join(platform.home.storage, place))).join()).not.toMatch(/gone|trash/)
    await copy.pushOk()
    expect(await ask('gone', { path: 'uploads/x' })).toBe('nothing')
  })

  it('a killed daemon changes nothing; of a trial run, all mounts end and come back', async () => {
    await ask('keeps', { path: 'uploads/added.txt', write: 'before' })
    await platform.kill()
    expect(await ask('keeps', { path: 'uploads/added.txt' })).toBe('before')
    await platform.start()
    expect(await ask('keeps', { path: 'uploads/added.txt', write: 'after' })).toBe('written')
    expect((await mounts()).filter((line) => line.includes('keeps.localhost'))).toHaveLength(1)
    await platform.stop()
    await expect.poll(devices, { timeout: 20_000 }).toEqual([])
    expect(await mounts()).toEqual([])
    await platform.start({ flags: { 'storage-mb': '64' } })
    expect(await ask('keeps', { path: 'uploads/added.txt' })).toBe('after')
    expect(
      z.object({ quota: z.object({ bytes: z.number() }) }).parse(await ann.json('storage keeps')).quota.bytes,
    ).toBeGreaterThan(50e6)
  })
})
