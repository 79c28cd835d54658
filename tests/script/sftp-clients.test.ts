// The programs that people really upload with, each against the same site: what they send is what is committed, byte for byte.
import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type Platform, startPlatform } from '../helpers/platform.ts'
import { type Ran, run } from '../helpers/session.ts'
import { mustBeOk, releasesOf, untilRelease, Uploader } from '../helpers/uploader.ts'
import { until } from '../helpers/until.ts'
import { WorkingCopy } from '../helpers/working-copy.ts'

let platform: Platform
let ann: Uploader
let source: string

beforeAll(async () => {
  platform = await startPlatform({ flags: { 'sftp-quiet-seconds': '1' } })
  ann = new Uploader(await platform.addPerson('ann'), platform)
  const copy = await WorkingCopy.create(ann.person, 'demo', { 'index.html': 'one', 'old.html': 'old' })
  await copy.pushOk()
  source = join(ann.person.home, 'source')
  // Not as long as what it replaces: rsync takes what has the same size, of the same second, for the same.
  await mkdir(join(source, 'images/deep'), { recursive: true })
  await writeFile(join(source, 'index.html'), 'the second')
  await writeFile(join(source, 'images/a b.txt'), 'with a space')
  await writeFile(join(source, 'images/deep/ünï.txt'), 'with letters')
  await writeFile(join(source, 'big.bin'), Buffer.alloc(3_000_000, 'x'))
})

afterAll(async () => {
  await platform[Symbol.asyncDispose]()
})

const client = async (program: string, args: readonly string[]): Promise<Ran> =>
  await run(program, args, { cwd: ann.person.home, env: ann.person.env, timeoutMs: 60_000 })

/** The tree of the branch, by path. */
async function committed(): Promise<Record<string, string>> {
  const clone = await WorkingCopy.clone(ann.person, 'demo')
  const names = (await clone.git('ls-files', '-z')).stdout.split('\0').filter((name) => name !== '')
  const contents = names.map(async (name) => [name, await readFile(join(clone.directory, name), 'latin1')] as const)
  return Object.fromEntries(await Promise.all(contents))
}

const uploaded = {
  'index.html': 'the second',
  'images/a b.txt': 'with a space',
  'images/deep/ünï.txt': 'with letters',
  'big.bin': 'x'.repeat(3_000_000),
}

async function untilCommitted(tree: Record<string, string>): Promise<void> {
  await until(
    'the upload to be committed',
    async () => JSON.stringify(sorted(await committed())) === JSON.stringify(sorted(tree)),
  )
}

function sorted(tree: Record<string, string>): [string, string][] {
  return Object.entries(tree).sort(([a], [b]) => (a < b ? -1 : 1))
}

describe('rsync', () => {
  it('is one commit, waits for it, and says that it is live', async () => {
    const before = (await releasesOf(ann.person, 'demo')).length
    const ran = mustBeOk(await ann.rsync('-a', '--delete', `${source}/`, 'x@127.0.0.1:demo.localhost/'))
    expect(ran.stderr).toContain('✓ Live: http://demo.localhost')
    expect(await platform.get('demo')).toMatchObject({ text: 'the second' })
    expect(await committed()).toEqual(uploaded)
    const releases = await releasesOf(ann.person, 'demo')
    expect(releases).toHaveLength(before + 1)
    expect(releases[0]).toMatchObject({ subject: 'rsync: 5 files changed', account: 'ann' })
    expect((await ann.rsync('-a', '--delete', '-i', `${source}/`, 'x@127.0.0.1:demo.localhost/')).output).toBe('')
    expect(await releasesOf(ann.person, 'demo')).toHaveLength(before + 1)
  })

  it('ends with an error when the release does', async () => {
    await writeFile(join(source, 'hosting.toml'), 'rot = 1')
    const ran = await ann.rsync('-a', `${source}/`, 'x@127.0.0.1:demo.localhost/')
    expect(ran.exitCode).toBe(23)
    expect(ran.stderr).toContain('hosting.toml')
    await run('rm', [join(source, 'hosting.toml')])
    mustBeOk(await ann.rsync('-a', '--delete', `${source}/`, 'x@127.0.0.1:demo.localhost/'))
    expect(await committed()).toEqual(uploaded)
  })

  it('fetches, an earlier release too', async () => {
    const into = join(ann.person.home, 'fetched')
    mustBeOk(await ann.rsync('-a', 'x@127.0.0.1:.releases/demo.localhost/1/', into))
    expect(await readFile(join(into, 'index.html'), 'utf8')).toBe('one')
  })
})

describe('scp', () => {
  it.each([
    ['as SFTP', '-s'],
    ['as it was', '-O'],
  ])('%s puts and gets', async (_name, protocol) => {
    const text = `by scp ${protocol}`
    await writeFile(join(ann.person.home, 'scp.txt'), text)
    mustBeOk(await ann.scp(protocol, 'scp.txt', `x@127.0.0.1:demo.localhost/scp.txt`))
    await untilCommitted({ ...uploaded, 'scp.txt': text })
    mustBeOk(
      await ann.scp(protocol, '-r', 'x@127.0.0.1:demo.localhost/images', join(ann.person.home, `got${protocol}`)),
    )
    expect(await readFile(join(ann.person.home, `got${protocol}/deep/ünï.txt`), 'utf8')).toBe('with letters')
  })
})

describe('lftp', () => {
  const lftp = async (...commands: readonly string[]) => {
    const program = `set sftp:connect-program "${ann.shell} -a -x"; set sftp:auto-confirm yes; set net:max-retries 2`
    return await client('lftp', ['-c', [program, 'open sftp://x:@127.0.0.1', ...commands].join('; ')])
  }

  it('mirrors both ways', async () => {
    mustBeOk(await lftp(`mirror -R --delete --parallel=3 ${source} /demo.localhost`))
    await untilCommitted(uploaded)
    mustBeOk(await lftp(`mirror /demo.localhost ${join(ann.person.home, 'mirrored')}`))
    expect((await run('diff', ['-r', source, join(ann.person.home, 'mirrored')])).output).toBe('')
  })
})

describe('rclone', () => {
  const rclone = async (...args: readonly string[]) => {
    const options = ['--config', '/dev/null', '--sftp-host', '127.0.0.1', '--sftp-user', 'x']
    const key = ['--sftp-port', String(platform.sshPort), '--sftp-key-file', ann.person.keyFile]
    return await client('rclone', [...args, ...options, ...key])
  }

  it('syncs, and finds that both are the same', async () => {
    await writeFile(join(source, 'rclone.txt'), 'by rclone')
    mustBeOk(await rclone('sync', source, ':sftp:demo.localhost'))
    await untilCommitted({ ...uploaded, 'rclone.txt': 'by rclone' })
    mustBeOk(await rclone('check', source, ':sftp:demo.localhost', '--download'))
    await run('rm', [join(source, 'rclone.txt')])
  })
})

describe('curl', () => {
  it('puts and gets', async () => {
    const url = `sftp://x@127.0.0.1:${platform.sshPort}/demo.localhost/curl.txt`
    const options = ['-sS', '-k', '--key', ann.person.keyFile, '--pubkey', `${ann.person.keyFile}.pub`]
    mustBeOk(await client('curl', [...options, '-T', join(source, 'index.html'), url]))
    mustBeOk(await ann.sftp('rm demo.localhost/rclone.txt'))
    await untilCommitted({ ...uploaded, 'curl.txt': 'the second' })
    expect(mustBeOk(await client('curl', [...options, url])).stdout).toBe('the second')
  })
})

describe('paramiko', () => {
  it('writes, renames over, and opens 100 files at once', async () => {
    const script = [
      'import paramiko, sys',
      'c = paramiko.SSHClient(); c.set_missing_host_key_policy(paramiko.AutoAddPolicy())',
      'c.connect("127.0.0.1", port=int(sys.argv[1]), username="x", key_filename=sys.argv[2], look_for_keys=False, allow_agent=False)',
      's = c.open_sftp(); s.chdir("demo.localhost")',
      'open_files = [s.open("many%d" % n, "w") for n in range(100)]',
      '[f.write("x") for f in open_files]; [f.close() for f in open_files]',
      '[s.remove("many%d" % n) for n in range(100)]',
      'f = s.open("save.tmp", "w"); f.write("saved"); f.close(); s.posix_rename("save.tmp", "curl.txt")',
      'print(s.stat("curl.txt").st_size); c.close()',
    ].join('\n')
    const ran = await client('python3', ['-c', script, String(platform.sshPort), ann.person.keyFile])
    expect(mustBeOk(ran).stdout.trim()).toBe('5')
    await untilCommitted({ ...uploaded, 'curl.txt': 'saved' })
  })
})

describe('sshfs', () => {
  it('is edited in place', async () => {
    const site = join(ann.person.home, 'mount')
    {
      await using mounts = new AsyncDisposableStack()
      mounts.use(await ann.mount('demo.localhost', site))
      await writeFile(join(site, 'index.html'), 'edited there')
      await untilCommitted({ ...uploaded, 'index.html': 'edited there', 'curl.txt': 'saved' })
    }
    await untilRelease(ann.person, 'demo', 'SFTP: 1 file changed')
  })
})
