// Clients that mean ill: what they send hurts nobody but themselves, and whatever they put in the way leads nowhere.
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type Child, ended, start } from '../../src/lib/exec.ts'
import { type Platform, startPlatform } from '../helpers/platform.ts'
import { run } from '../helpers/session.ts'
import { mustBeOk, Uploader } from '../helpers/uploader.ts'
import { until } from '../helpers/until.ts'
import { WorkingCopy } from '../helpers/working-copy.ts'

/** docs/why/190 has what came of 100,000. */
const swaps = Number(process.env['HOSTING_RACES'] ?? 4000)
const raceLimitMs = 120_000 + swaps * 10

let platform: Platform
let ann: Uploader
let outside: string

beforeAll(async () => {
  platform = await startPlatform({ flags: { 'sftp-quiet-seconds': '0.3' } })
  ann = new Uploader(await platform.addPerson('ann'), platform)
  for (const site of ['demo', 'other']) {
    const copy = await WorkingCopy.create(ann.person, site, { 'index.html': 'one', 'dir/file.txt': 'file' })
    await copy.pushOk()
  }
  outside = await mkdtemp('/tmp/sftp-outside-')
  await writeFile(join(outside, 'file.txt'), 'untouched')
  await run('chmod', ['-R', 'a+rwX', outside])
})

afterAll(async () => {
  await platform[Symbol.asyncDispose]()
  await rm(outside, { recursive: true })
})

/** The subsystem, without a client in between. */
function openRaw(): Child {
  const args = [...ann.person.sshOptions, '-p', String(platform.sshPort), '-s', 'x@127.0.0.1', 'sftp']
  return start('ssh', args, { env: ann.person.env })
}

const init = Buffer.from([0, 0, 0, 5, 1, 0, 0, 0, 3])

function packet(type: number, ...fields: readonly (string | number | bigint | Buffer)[]): Buffer {
  const body = Buffer.concat([Buffer.from([type]), ...fields.map(field)])
  return Buffer.concat([field(body.length), body])
}

function field(value: string | number | bigint | Buffer): Buffer {
  const bytes = Buffer.alloc(typeof value === 'bigint' ? 8 : 4)
  if (typeof value === 'bigint') bytes.writeBigUInt64BE(value)
  else if (typeof value === 'number') bytes.writeUInt32BE(value)
  else bytes.writeUInt32BE(value.length)
  return typeof value === 'bigint' || typeof value === 'number' ? bytes : Buffer.concat([bytes, Buffer.from(value)])
}

/** A session that says all of it and waits for all answers. @returns their types */
async function answersTo(...packets: readonly Buffer[]): Promise<number[]> {
  const child = openRaw()
  const answers: Buffer[] = []
  child.stdout?.on('data', (chunk: Buffer) => answers.push(chunk))
  child.stdin?.end(Buffer.concat([init, ...packets]))
  await ended(child)
  return typesOf(Buffer.concat(answers))
}

const noise = Buffer.from(Array.from({ length: 4096 }, (_, index) => (index * 7919) % 251))

describe('packets that are none', () => {
  it.each<[string, Buffer]>([
    ['noise instead of a beginning', noise],
    ['noise after the beginning', Buffer.concat([init, noise])],
    ['an announced length of 4 GB', Buffer.concat([init, Buffer.from([255, 255, 255, 255, 3])])],
    ['a length of 0', Buffer.concat([init, Buffer.alloc(400)])],
    [
      'a string longer than its packet',
      Buffer.concat([
        init,
        packet(3, 1, Buffer.alloc(0)),
        Buffer.from([0, 0, 0, 9, 3, 0, 0, 0, 1, 255, 255, 255, 255]),
      ]),
    ],
    ['a request before the beginning', packet(11, 1, '/')],
    ['half a packet', Buffer.concat([init, packet(11, 1, '/').subarray(0, 7)])],
  ])('%s: that session ends, the platform goes on', async (_name, bytes) => {
    const child = openRaw()
    child.stdin?.on('error', () => undefined).end(bytes)
    child.stdout?.resume()
    await ended(child)
    expect((await ann.sftpOk('ls -1 /')).stdout).toContain('demo.localhost')
    expect(platform.daemon.running).toBe(true)
  })

  it('offsets of 2^63, unknown handles and extensions get a status', async () => {
    const open = packet(3, 1, '/demo.localhost/offset.txt', 0x1a, 0)
    const write = packet(6, 2, Buffer.alloc(4), 2n ** 63n, 'x')
    const read = packet(5, 3, Buffer.alloc(4), 2n ** 64n - 1n, 100)
    const unknown = packet(4, 4, Buffer.from('nobody'))
    const extension = packet(200, 5, 'none@example.org', 'x')
    // SSH_FXP_VERSION, SSH_FXP_HANDLE, four of SSH_FXP_STATUS and the SSH_FXP_ATTRS of the last question
    expect(await answersTo(open, write, read, unknown, extension, packet(17, 6, '/'))).toEqual([
      2, 102, 101, 101, 101, 101, 105,
    ])
  })

  it('100,000 open handles are refused at the limit of the jail', async () => {
    const child = openRaw()
    const types: number[] = []
    let rest = Buffer.alloc(0)
    child.stdout?.on('data', (chunk: Buffer) => {
      rest = Buffer.concat([rest, chunk])
      while (rest.length >= 4 && rest.length >= 4 + rest.readUInt32BE(0)) {
        types.push(rest[4] ?? 0)
        rest = rest.subarray(4 + rest.readUInt32BE(0))
      }
    })
    child.stdin?.write(init)
    for (let n = 0; n < 100_000; n++) {
      const room = child.stdin?.write(packet(3, n, '/demo.localhost/index.html', 1, 0))
      if (room === false) await new Promise((resolve) => child.stdin?.once('drain', resolve))
    }
    child.stdin?.end()
    await ended(child)
    expect(types).toHaveLength(100_001)
    expect(types.filter((type) => type === 102).length).toBeLessThan(1024)
    expect(platform.daemon.running).toBe(true)
  })
})

function typesOf(bytes: Buffer): number[] {
  const types: number[] = []
  for (let at = 0; at < bytes.length; at += 4 + bytes.readUInt32BE(at)) types.push(bytes[at + 4] ?? 0)
  return types
}

describe('names', () => {
  const upload = (id: number, name: Buffer): Buffer[] => {
    const path = Buffer.concat([Buffer.from('/demo.localhost/names/'), name])
    const handle = Buffer.alloc(4)
    return [packet(3, id, path, 0x1a, 0), packet(6, id + 1, handle, 0n, name), packet(4, id + 2, handle)]
  }

  it('that are no UTF-8, have a line end or 255 bytes are committed byte for byte; longer ones get a status', async () => {
    const folder = packet(14, 1, '/demo.localhost/names', 0)
    const names = [Buffer.from('latin-\xe4', 'latin1'), 'new\nline', ' ', '\x01\x7f', 'n'.repeat(255)].map((name) =>
      Buffer.from(name),
    )
    const uploads = names.flatMap((name, index) => upload(index * 3 + 2, name))
    const longer = packet(3, 99, `/demo.localhost/names/${'n'.repeat(256)}`, 0x1a, 0)
    const written = names.flatMap(() => [102, 101, 101])
    expect(await answersTo(folder, ...uploads, longer)).toEqual([2, 101, ...written, 101])
    await until('them to be live', async () => (await platform.get('demo', `/names/${'n'.repeat(255)}`)).status === 200)
    const clone = await WorkingCopy.clone(ann.person, 'demo')
    const listed = (await clone.git('ls-files', 'names')).stdout.trim().split('\n')
    const quoted = ['names/ ', '"names/\\001\\177"', '"names/latin-\\344"', '"names/new\\nline"']
    expect(listed.sort()).toEqual([...quoted, `names/${'n'.repeat(255)}`].sort())
    expect(await readFile(join(clone.directory, 'names', 'n'.repeat(255)), 'utf8')).toBe('n'.repeat(255))
  })
})

describe('links', () => {
  it('lead nowhere: absolute, upward, and across sites', async () => {
    const targets = [
      '/etc/passwd',
      '../../../etc/passwd',
      '/proc/self/root/etc/passwd',
      `${outside}/file.txt`,
      '/enter.so',
      '/usr/lib',
    ]
    for (const [index, target] of targets.entries()) {
      mustBeOk(await ann.sftp(`symlink ${target} demo.localhost/link${index}`))
      expect((await ann.sftp(`get demo.localhost/link${index}`)).exitCode, target).not.toBe(0)
    }
    const put = await ann.sftp(`put ${ann.person.keyFile}.pub demo.localhost/link3`)
    expect(put.exitCode).not.toBe(0)
    expect(await readFile(join(outside, 'file.txt'), 'utf8')).toBe('untouched')
  })

  it.each(['a directory of the machine', 'another site'])(
    'to %s, swapped for a folder again and again while another session writes and uploads are committed: nothing gets out',
    async (place) => {
      const target = place === 'another site' ? '/other.localhost/dir' : outside
      const script = [
        'import paramiko, sys, threading',
        'def session():',
        '  c = paramiko.SSHClient(); c.set_missing_host_key_policy(paramiko.AutoAddPolicy())',
        '  c.connect("127.0.0.1", port=int(sys.argv[1]), username="x", key_filename=sys.argv[2], look_for_keys=False, allow_agent=False)',
        '  s = c.open_sftp(); s.chdir("demo.localhost"); return c, s',
        'def quietly(f, *a):',
        '  try: f(*a)',
        '  except IOError: pass',
        'c, s = session()',
        's.symlink(sys.argv[3], "evil"); quietly(s.mkdir, "real")',
        'done = False',
        'def write():',
        '  cw, w = session(); n = 0',
        '  while not done:',
        '    n += 1',
        '    for name in ("file.txt", "new%d" % (n % 50)):',
        '      try:',
        '        f = w.open("swap/" + name, "w"); f.write("escaped"); f.close()',
        '      except IOError: pass',
        '  cw.close()',
        't = threading.Thread(target=write); t.start()',
        'for n in range(int(sys.argv[4]) // 2):',
        '  quietly(s.posix_rename, "evil", "swap"); quietly(s.posix_rename, "swap", "evil")',
        '  quietly(s.posix_rename, "real", "swap"); quietly(s.posix_rename, "swap", "real")',
        'done = True; t.join(); c.close()',
      ].join('\n')
      const args = ['-c', script, String(platform.sshPort), ann.person.keyFile, target, String(swaps / 2)]
      mustBeOk(await run('python3', args, { env: ann.person.env, timeoutMs: raceLimitMs }))
      expect(await readdir(outside)).toEqual(['file.txt'])
      expect(await readFile(join(outside, 'file.txt'), 'utf8')).toBe('untouched')
      await ann.sftpOk(`get other.localhost/dir/file.txt ${ann.person.home}/untouched`, 'ls -1 other.localhost/dir')
      expect(await readFile(join(ann.person.home, 'untouched'), 'utf8')).toBe('file')
      await ann.sftp('rm demo.localhost/evil', 'rm demo.localhost/swap')
      await until('the site to serve', async () => (await platform.get('demo')).status === 200)
    },
    raceLimitMs + 20_000,
  )
})

describe('the site', () => {
  it('that is destroyed under a session: the session ends', async () => {
    const child = openRaw()
    const end = ended(child)
    child.stdin?.write(Buffer.concat([init, packet(3, 1, '/demo.localhost/held.txt', 0x1a, 0)]))
    await new Promise((resolve) => child.stdout?.once('data', resolve))
    child.stdout?.resume()
    // Not while an upload of the tests before is on its way.
    const destroy = () => ann.person.ssh('destroy demo --confirm demo.localhost')
    await until('the site to be destroyed', async () => (await destroy()).exitCode === 0)
    await end
    expect((await ann.sftpOk('ls -1 /')).stdout).not.toContain('demo')
    await until('its working tree to be gone', async () =>
      (await readdir(platform.home.uploads)).every((entry) => entry.startsWith('2-')),
    )
    expect(platform.daemon.running).toBe(true)
  })
})
