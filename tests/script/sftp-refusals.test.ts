// What is refused while it is written, and what came of an upload: the account is told where it looks next, until it has corrected it.
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { ended, start } from '../../src/lib/exec.ts'
import { scratchDirectory } from '../helpers/paths.ts'
import { Platform } from '../helpers/platform.ts'
import { startRelay, type TestRelay } from '../helpers/relay.ts'
import { untilRelease, Uploader } from '../helpers/uploader.ts'
import { until } from '../helpers/until.ts'
import { WorkingCopy } from '../helpers/working-copy.ts'

let relay: TestRelay
let platform: Platform
let ann: Uploader
let copy: WorkingCopy
const mb = 1024 * 1024

beforeAll(async () => {
  relay = await startRelay(join(await scratchDirectory('relay'), 'relay'))
  platform = await Platform.prepare({ flags: { ...relay.flags, 'sftp-quiet-seconds': '1', 'max-release-mb': '4' } })
  await platform.start()
  ann = new Uploader(await platform.addPerson('ann'), platform)
  await ann.person.ssh('contact ann@example.org')
  copy = await WorkingCopy.create(ann.person, 'demo', { 'index.html': 'one' })
  await copy.pushOk()
  await writeFile(join(ann.person.home, 'small.txt'), 'small')
  for (const [name, size] of [
    ['huge.bin', 5 * mb],
    ['part.bin', 3 * mb],
  ] as const)
    await writeFile(join(ann.person.home, name), Buffer.alloc(size))
})

afterAll(async () => {
  await platform[Symbol.asyncDispose]()
  await relay[Symbol.asyncDispose]()
})

const uploads = async () => ((await ann.person.json('info demo')) as { uploads: string[] }).uploads.join('\n')
const subjects = () => relay.received.map(({ text }) => /^Subject: (.*(?:\r\n .*)*)/m.exec(text)?.[1] ?? '')

describe('a file over the limit', () => {
  it('is refused while it is written, and the rest is live', async () => {
    const put = await ann.sftp(
      '-put huge.bin demo.localhost/huge.bin',
      '-put huge.bin demo.localhost/huge2.bin',
      'put small.txt demo.localhost/small.txt',
    )
    expect(put.stderr).toContain('huge.bin')
    expect(put.stderr).toContain('no file may be larger than 4 MB')
    await until('the rest to be live', async () => (await platform.get('demo', '/small.txt')).status === 200)
    expect((await platform.get('demo', '/huge.bin')).status).toBe(404)
  })

  it('is told by the next login, whatever that is for, by `info`, and by one mail', async () => {
    for (const { stderr } of [
      await ann.sftpOk('ls -1 /'),
      await ann.person.ssh('whoami'),
      await ann.person.git(['ls-remote', ann.person.remoteOf('demo')]),
    ])
      expect(stderr).toMatch(/no file may be larger than 4 MB[^]*huge\.bin\n +huge2\.bin/)
    await copy.commit({ 'pushed.html': 'pushed' })
    await copy.git('pull', '-q', '--rebase', 'hosting', 'main')
    expect((await copy.pushOk()).stderr).toContain('huge.bin')
    expect(await uploads()).toContain('huge2.bin')
    expect((await ann.person.ssh('info demo')).stdout).toContain('no file may be larger than 4 MB')
    expect((await ann.person.ssh('info demo --json')).stderr).toBe('')
    await until('the mail', () => relay.received.length > 0)
    expect(subjects()).toEqual([expect.stringContaining('no file may be larger than 4 MB')])
    expect(relay.received[0]).toMatchObject({ to: ['ann@example.org'] })
  })

  it('is forgotten when it is replaced or removed', async () => {
    await ann.sftpOk('put small.txt demo.localhost/huge.bin', 'rm demo.localhost/huge2.bin')
    await until('it to be live', async () => (await platform.get('demo', '/huge.bin')).text === 'small')
    await until('nothing to be told', async () => (await uploads()) === '')
    expect((await ann.sftpOk('ls -1 /')).stderr).toBe('')
    expect((await ann.person.ssh('whoami')).stderr).toBe('')
  })

  it('is refused to rsync, which says so', async () => {
    const ran = await ann.rsync('--inplace', 'huge.bin', 'x@127.0.0.1:demo.localhost/by-rsync.bin')
    expect(ran.exitCode).not.toBe(0)
    expect(ran.stderr).toContain('File too large')
    expect((await ann.sftpOk('rm demo.localhost/by-rsync.bin')).stderr).toContain('by-rsync.bin')
  })
})

describe('a working tree', () => {
  it('that is full takes no more, until there is room again', async () => {
    const child = start('sftp', [...ann.person.sshOptions, '-P', String(platform.sshPort), 'x@127.0.0.1'], {
      cwd: ann.person.home,
      env: ann.person.env,
    })
    let said = ''
    child.stderr?.on('data', (piece: Buffer) => (said += piece.toString()))
    // Below the limit of a file, each of them; together above that of a tree.
    for (const name of ['1.bin', '2.bin', '3.bin']) child.stdin?.write(`put part.bin demo.localhost/${name}\n`)
    await until('the tree to be full', () => said.includes('more than 8 MB'))
    await until('it to refuse', async () => {
      child.stdin?.write('put part.bin demo.localhost/4.bin\n')
      await new Promise((resolve) => child.stderr?.once('data', resolve))
      return said.includes('4.bin is refused: your files there have more than 8 MB')
    })
    child.stdin?.end()
    await ended(child)
    await until('it to be told', async () => (await uploads()).includes('4.bin'))
    expect((await ann.sftp('ls -1 /')).stderr).toContain('4.bin')
    await ann.sftpOk('rm demo.localhost/*.bin', 'put small.txt demo.localhost/room.txt')
    await until('it to be live', async () => (await platform.get('demo', '/room.txt')).status === 200)
    await until('nothing to be told', async () => (await uploads()) === '')
  })
})

describe('a release that failed', () => {
  it('is told by the next login, by `info` and by mail, and forgotten when it is taken back', async () => {
    relay.received.length = 0
    await writeFile(join(ann.person.home, 'bad.toml'), 'rot = "public"')
    await ann.sftpOk('put bad.toml demo.localhost/hosting.toml')
    await untilRelease(ann.person, 'demo', 'SFTP: 1 file changed')
    await until('the mail', () => relay.received.length > 0)
    expect(subjects()).toEqual([expect.stringContaining('your last upload (1 file) is not live')])
    expect(relay.received[0]?.text).toContain('sftp/ann')
    expect((await ann.person.ssh('whoami')).stderr).toContain('hosting.toml')
    expect(await uploads()).toContain('is not live')
    await ann.sftpOk('rm demo.localhost/hosting.toml')
    await until('nothing to be told', async () => (await uploads()) === '')
    expect((await ann.person.ssh('whoami')).stderr).toBe('')
  })
})

describe('.git', () => {
  it('is refused to every client, and no other name is', async () => {
    const refused = [
      'mkdir demo.localhost/.git',
      'mkdir demo.localhost/.GIT',
      'put small.txt demo.localhost/.git',
      'rename demo.localhost/small.txt demo.localhost/.Git',
      'symlink small.txt demo.localhost/.git',
      'ln demo.localhost/small.txt demo.localhost/.git',
      'mkdir demo.localhost/git~1',
    ]
    for (const line of refused) expect((await ann.sftp(line)).stderr, line).toMatch(/[Pp]ermission denied/)
    await ann.sftpOk(
      'put small.txt demo.localhost/.gitignore',
      'mkdir demo.localhost/.github',
      'put small.txt demo.localhost/.github/x.git',
    )
    await until(
      'those to be live',
      async () => (await uploads()) === '' && (await committed()).includes('.github/x.git'),
    )
    expect(await committed()).toContain('.gitignore')
  })

  it('by rsync and scp, which say so, and the rest is committed', async () => {
    const folder = join(ann.person.home, 'work')
    await ann.person.gitOk(['init', '-q', folder])
    await writeFile(join(folder, 'page.html'), 'page')
    const target = 'x@127.0.0.1:demo.localhost/'
    const copied = {
      rsync: await ann.rsync('-a', `${folder}/`, `${target}by-rsync/`),
      // It says that the folder is not there, having been refused it.
      scp: await ann.scp('-r', folder, `${target}by-scp`),
      'scp -O': await ann.scp('-O', '-r', folder, `${target}by-old-scp`),
    }
    for (const [program, { exitCode, stderr }] of Object.entries(copied)) {
      expect(exitCode, program).not.toBe(0)
      expect(stderr, program).toMatch(/\.git.*: Permission denied|stat remote: No such file/)
    }
    const files = await committed()
    expect(files.filter((path) => /(^|\/)\.git(\/|$)/.test(path))).toEqual([])
    expect(files).toContain('by-rsync/page.html')
    const again = await ann.rsync('-a', '--delete', '--exclude', '.git', `${folder}/`, `${target}by-rsync/`)
    expect(again.output).toBe('')
  })
})

async function committed(): Promise<string[]> {
  await copy.git('fetch', '-q', 'hosting')
  return (await copy.git('ls-tree', '-r', '--name-only', 'hosting/main')).stdout.split('\n')
}
