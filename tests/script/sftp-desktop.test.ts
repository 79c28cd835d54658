// What programs with windows do over SFTP, packet by packet, since they can't run here: FileZilla, WinSCP, editors on a mounted site. And rsync,
// scp and curl that are cut off or go on where they were.
import { rename, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type Child, ended, killGroup, start } from '../../src/lib/exec.ts'
import { type Platform, startPlatform } from '../helpers/platform.ts'
import { type Ran, run } from '../helpers/session.ts'
import { mustBeOk, releasesOf, Uploader } from '../helpers/uploader.ts'
import { until } from '../helpers/until.ts'
import { WorkingCopy } from '../helpers/working-copy.ts'

let platform: Platform
let ann: Uploader

beforeAll(async () => {
  platform = await startPlatform({ flags: { 'sftp-quiet-seconds': '1' } })
  ann = new Uploader(await platform.addPerson('ann'), platform)
  const old = Object.fromEntries(['old/a.html', 'old/deep/b.html', 'old/deep/er/c.html'].map((path) => [path, path]))
  const copy = await WorkingCopy.create(ann.person, 'demo', { 'index.html': 'one', ...old })
  await copy.pushOk()
  await writeFile(join(ann.person.home, 'cut.bin'), Buffer.alloc(2_000_000, 'b'))
  await writeFile(join(ann.person.home, 'small.txt'), 'small')
})

afterAll(async () => {
  await platform[Symbol.asyncDispose]()
})

const client = async (program: string, args: readonly string[]): Promise<Ran> =>
  await run(program, args, { cwd: ann.person.home, env: ann.person.env, timeoutMs: 60_000 })

async function untilServed(path: string, content: string): Promise<void> {
  await until(`${path} to be live`, async () => {
    const { status, text } = await platform.get('demo', path)
    return status === 200 && text === content
  })
}

/** `s` is a session of SFTP in the site; `connect()` opens more. */
async function paramiko(...lines: readonly string[]): Promise<Ran> {
  const script = [
    'import paramiko, sys, os, stat, threading',
    'def connect():',
    '  c = paramiko.SSHClient(); c.set_missing_host_key_policy(paramiko.AutoAddPolicy())',
    '  c.connect("127.0.0.1", port=int(sys.argv[1]), username="x", key_filename=sys.argv[2], look_for_keys=False, allow_agent=False)',
    '  s = c.open_sftp(); s.chdir("demo.localhost"); return c, s',
    'def put(s, path, data, mode="w"):',
    '  f = s.open(path, mode); f.set_pipelined(True); f.write(data); f.close()',
    'c, s = connect()',
    ...lines,
    'c.close()',
  ]
  return mustBeOk(await client('python3', ['-c', script.join('\n'), String(platform.sshPort), ann.person.keyFile]))
}

const committedPaths = async (): Promise<string[]> => {
  const clone = await WorkingCopy.clone(ann.person, 'demo')
  return (await clone.git('ls-files')).stdout.split('\n').filter((path) => path !== '')
}

describe('FileZilla', () => {
  it('looks around, uploads, sets times and modes, goes on where it was, and renames', async () => {
    const { stdout } = await paramiko(
      'print(s.normalize("."), [a.filename for a in s.listdir_attr(".") if not stat.S_ISDIR(a.st_mode)])',
      'try: s.stat("page.html")',
      'except FileNotFoundError: print("new")',
      'put(s, "page.html", b"first half, "); s.utime("page.html", (1e9, 1e9)); s.chmod("page.html", 0o644)',
      'at = s.stat("page.html").st_size; f = s.open("page.html", "r+"); f.seek(at); f.write(b"second half"); f.close()',
      's.utime("page.html", (1e9, 1e9)); print(s.stat("page.html").st_mtime)',
      'put(s, "temporary.html", b"moved"); s.rename("temporary.html", "moved.html")',
      'try: s.rename("page.html", "moved.html")',
      'except OSError: print("taken")',
    )
    expect(stdout.trim().split('\n')).toEqual(["/demo.localhost ['index.html']", 'new', '1000000000', 'taken'])
    await untilServed('/page.html', 'first half, second half')
    await untilServed('/moved.html', 'moved')
  })

  it('sends two files while it lists, by three connections, which are one upload', async () => {
    const size = 3_000_000
    const before = (await releasesOf(ann.person, 'demo')).length
    await paramiko(
      'c1, s1 = connect(); c2, s2 = connect()',
      'one = threading.Thread(target=put, args=(s1, "one.bin", b"1" * 3000000))',
      'two = threading.Thread(target=put, args=(s2, "two.bin", b"2" * 3000000))',
      'one.start(); two.start()',
      'while one.is_alive() or two.is_alive(): s.listdir_attr(".")',
      'c1.close(); c2.close()',
    )
    const sizeOf = async (path: string) => (await platform.get('demo', path)).text.length
    await until(
      'both to be live',
      async () => (await sizeOf('/one.bin')) === size && (await sizeOf('/two.bin')) === size,
    )
    expect((await releasesOf(ann.person, 'demo')).length).toBe(before + 1)
  })

  it('removes a folder with all that is in it, one by one', async () => {
    await paramiko(
      'def remove(path):',
      '  for a in s.listdir_attr(path):',
      '    at = path + "/" + a.filename',
      '    remove(at) if stat.S_ISDIR(a.st_mode) else s.remove(at)',
      '  s.rmdir(path)',
      'remove("old")',
    )
    await until('it to be gone', async () => (await platform.get('demo', '/old/deep/er/c.html')).status === 404)
    expect((await committedPaths()).filter((path) => path.startsWith('old'))).toEqual([])
  })
})

describe('WinSCP', () => {
  it('is cut off in a .filepart, goes on, and renames it over what was there', async () => {
    await paramiko(
      'put(s, "win.txt", b"before")',
      'f = s.open("win.txt.filepart", "w"); f.write(b"x" * 100000); f.flush()',
      'put(s, "complete.txt", b"complete")',
      'c.get_transport().sock.close(); os._exit(0)',
    )
    await untilServed('/complete.txt', 'complete')
    await untilServed('/win.txt', 'before')
    expect(await committedPaths()).not.toContain('win.txt.filepart')
    await paramiko(
      'at = s.stat("win.txt.filepart").st_size; f = s.open("win.txt.filepart", "r+"); f.seek(at)',
      'f.write(b"y" * 100000); f.close(); s.posix_rename("win.txt.filepart", "win.txt")',
    )
    await untilServed('/win.txt', 'x'.repeat(100_000) + 'y'.repeat(100_000))
    const clone = await WorkingCopy.clone(ann.person, 'demo')
    expect((await clone.git('log', '--all', '--oneline', '--', 'win.txt.filepart')).stdout).toBe('')
  })
})

describe('an editor on a mounted site', () => {
  it('saves by a second file that it renames over the first, or beside a backup', async () => {
    const site = join(ann.person.home, 'mount')
    await using mounts = new AsyncDisposableStack()
    mounts.use(await ann.mount('demo.localhost', site))
    await writeFile(join(site, '.index.html.new'), 'by rename')
    await rename(join(site, '.index.html.new'), join(site, 'index.html'))
    await untilServed('/', 'by rename')
    await rename(join(site, 'index.html'), join(site, 'index.html~'))
    await writeFile(join(site, 'index.html'), 'beside a backup')
    await rm(join(site, 'index.html~'))
    await untilServed('/', 'beside a backup')
    expect((await committedPaths()).filter((path) => path.includes('index'))).toEqual(['index.html'])
  })
})

describe('cut off', () => {
  /** Kills a slow copy when some of it has arrived. */
  const cutOff = async (copy: Child): Promise<void> => {
    const end = ended(copy)
    const [view = ''] = (await run('find', [platform.home.uploads, '-maxdepth', '2', '-name', 'tree'])).stdout.split(
      '\n',
    )
    const arrived = async () => (await run('find', [view, '-name', '*cut.bin*', '-size', '+40k'])).stdout !== ''
    await until('some of it to arrive', arrived)
    killGroup(copy.pid)
    await end
  }
  const begin = (program: string, args: readonly string[]) =>
    start(program, args, { cwd: ann.person.home, env: ann.person.env, stdio: 'ignore' })

  it.each([
    ['with --partial, which gives it the whole name', '--partial', 'cut.bin'],
    ['with a folder for what is partial', '--partial-dir=.partial', '.partial/cut.bin'],
    ['in its place', '--inplace', 'cut.bin'],
  ])('rsync %s: nothing of it is committed, and it goes on', async (_name, option, kept) => {
    const slow = ['--bwlimit=400', option, '-e', ann.shell, 'cut.bin', 'x@127.0.0.1:demo.localhost/']
    await cutOff(begin('rsync', slow))
    await until('it to be told', async () => (await ann.sftpOk('ls -1 demo.localhost')).stderr.includes(`    ${kept}`))
    await ann.sftpOk('put small.txt demo.localhost/beside.txt')
    await untilServed('/beside.txt', 'small')
    expect(await committedPaths()).not.toContain(kept)
    mustBeOk(await ann.rsync(option, 'cut.bin', 'x@127.0.0.1:demo.localhost/'))
    expect((await platform.get('demo', '/cut.bin')).text).toHaveLength(2_000_000)
    await ann.sftpOk('rm demo.localhost/cut.bin', 'rm demo.localhost/beside.txt')
    await until('it to be gone', async () => (await platform.get('demo', '/cut.bin')).status === 404)
  })

  it('scp -O: nothing of it is committed', async () => {
    const options = [...ann.person.sshOptions, '-P', String(platform.sshPort)]
    await cutOff(begin('scp', ['-O', '-l', '3000', ...options, 'cut.bin', 'x@127.0.0.1:demo.localhost/cut.bin']))
    await until('it to be told', async () => (await ann.sftpOk('ls -1 demo.localhost')).stderr.includes('    cut.bin'))
    expect(await committedPaths()).not.toContain('cut.bin')
    await ann.sftpOk('rm demo.localhost/cut.bin')
  })

  it('curl (libssh2) goes on where it was', async () => {
    const url = `sftp://x@127.0.0.1:${platform.sshPort}/demo.localhost/resumed/small.txt`
    const key = ['-sS', '-k', '--key', ann.person.keyFile, '--pubkey', `${ann.person.keyFile}.pub`]
    await writeFile(join(ann.person.home, 'part.txt'), 'sm')
    mustBeOk(await client('curl', [...key, '--ftp-create-dirs', '-T', 'part.txt', url]))
    mustBeOk(await client('curl', [...key, '-C', '-', '-T', 'small.txt', url]))
    await untilServed('/resumed/small.txt', 'small')
    const quoted = ['-Q', '-rename /demo.localhost/resumed/small.txt /demo.localhost/resumed/renamed.txt']
    mustBeOk(await client('curl', [...key, ...quoted, '-I', url]))
    await untilServed('/resumed/renamed.txt', 'small')
  })
})
