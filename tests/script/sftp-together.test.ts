// Two at once, uploads that end in the middle, and what must not get in: each has one defined end, and nothing is lost.
import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { ended, killGroup, start } from '../../src/lib/exec.ts'
import { type Platform, startPlatform } from '../helpers/platform.ts'
import { run } from '../helpers/session.ts'
import { mustBeOk, releasesOf, untilRelease, Uploader } from '../helpers/uploader.ts'
import { until } from '../helpers/until.ts'
import { WorkingCopy } from '../helpers/working-copy.ts'

let platform: Platform
let ann: Uploader
let bob: Uploader
let eve: Uploader
let copy: WorkingCopy

beforeAll(async () => {
  platform = await startPlatform({ flags: { 'sftp-quiet-seconds': '1', 'max-release-mb': '8', 'max-files': '12000' } })
  ann = new Uploader(await platform.addPerson('ann'), platform)
  bob = new Uploader(await platform.addPerson('bob'), platform)
  eve = new Uploader(await platform.addPerson('eve'), platform)
  copy = await WorkingCopy.create(ann.person, 'demo', { 'index.html': 'one', 'other.html': 'other', 'third.html': '3' })
  await copy.pushOk()
  await ann.person.ssh('access:add demo bob --role write')
  await ann.person.ssh('access:add demo eve --role read')
})

afterAll(async () => {
  await platform[Symbol.asyncDispose]()
})

async function write(who: Uploader, name: string, content: string | Uint8Array): Promise<void> {
  await writeFile(join(who.person.home, name), content)
}

async function branchOf(name = 'main'): Promise<string> {
  return (
    (await ann.person.git(['ls-remote', ann.person.remoteOf('demo'), `refs/heads/${name}`])).stdout.split('\t')[0] ?? ''
  )
}

async function fileOf(path: string, branch = 'main'): Promise<string | undefined> {
  const clone = await WorkingCopy.clone(ann.person, 'demo')
  const shown = await ann.person.git(['show', `origin/${branch}:${path}`.replace('origin', 'hosting')], {
    cwd: clone.directory,
  })
  return shown.exitCode === 0 ? shown.stdout : undefined
}

/** An upload that stops in the middle: the client is killed when the server has some of the file. */
async function cutOff(who: Uploader, from: string, to: string): Promise<void> {
  const args = [...who.person.sshOptions, '-P', String(platform.sshPort), '-l', '2000', '-b', '-', 'x@127.0.0.1']
  const child = start('sftp', args, { cwd: who.person.home, env: who.person.env })
  child.stdin?.end(`put other.txt demo.localhost/complete.txt\nput ${from} ${to}\n`)
  const end = ended(child)
  const name = to.split('/').pop() ?? ''
  await until('some of the file to arrive', async () =>
    /\s[1-9]\d{4,}\s/.test((await who.sftp(`ls -ln demo.localhost/${name}`)).stdout),
  )
  killGroup(child.pid)
  await end
}

describe('who may only read', () => {
  it('reads, and can change nothing', async () => {
    await write(eve, 'x', 'x')
    const got = await eve.sftpOk('get demo.localhost/index.html', 'ls demo.localhost')
    expect(got.exitCode).toBe(0)
    expect(await readFile(join(eve.person.home, 'index.html'), 'utf8')).toBe('one')
    for (const line of [
      'put x demo.localhost/x',
      'rm demo.localhost/index.html',
      'mkdir demo.localhost/d',
      'chmod 777 demo.localhost/index.html',
      'put x /x',
      'put x .releases/x',
    ])
      expect((await eve.sftp(line)).exitCode, line).not.toBe(0)
    expect((await eve.rsync('-a', 'x', 'x@127.0.0.1:demo.localhost/')).exitCode).not.toBe(0)
  })

  it('is thrown out when even that is taken back', async () => {
    const args = [...eve.person.sshOptions, '-p', String(platform.sshPort), '-s', 'x@127.0.0.1', 'sftp']
    const child = start('ssh', args, { env: eve.person.env })
    // SSH_FXP_INIT, version 3
    child.stdin?.write(Buffer.from([0, 0, 0, 5, 1, 0, 0, 0, 3]))
    await new Promise((resolve) => child.stdout?.once('data', resolve))
    await ann.person.ssh('access:remove demo eve')
    expect(await ended(child)).not.toBe(0)
    expect((await eve.sftpOk('ls -1 /')).stdout).not.toContain('demo')
  })
})

describe('two at once', () => {
  it('who changed different files are both live, and see each other’s', async () => {
    await write(ann, 'a.txt', 'from ann')
    await write(bob, 'b.txt', 'from bob')
    await bob.sftpOk('put b.txt demo.localhost/bob.html', '!sleep 0')
    const both = bob.sftp('put b.txt demo.localhost/bob2.html', '!sleep 6', 'ls -1 demo.localhost')
    await ann.sftpOk('put a.txt demo.localhost/ann.html')
    await until(
      'both to be live',
      async () =>
        (await platform.get('demo', '/ann.html')).status === 200 &&
        (await platform.get('demo', '/bob2.html')).status === 200,
    )
    await both
    expect((await bob.sftpOk('ls -1 demo.localhost')).stdout).toContain('ann.html')
    expect(await platform.get('demo', '/bob.html')).toMatchObject({ text: 'from bob' })
  })

  it('a push of other files beside a session: what is uploaded then is put on top of it, and it appears there', async () => {
    const args = [...bob.person.sshOptions, '-P', String(platform.sshPort), '-b', '-', 'x@127.0.0.1']
    const child = start('sftp', args, { cwd: bob.person.home, env: bob.person.env })
    child.stdin?.write('put b.txt demo.localhost/before.html\n')
    await until('bob to be in', async () => (await platform.get('demo', '/before.html')).status === 200)
    await copy.git('pull', '-q', '--rebase', 'hosting', 'main')
    await copy.commit({ 'third.html': 'pushed meanwhile' })
    await copy.pushOk()
    child.stdin?.write('put b.txt demo.localhost/after.html\n')
    await until('his to be live', async () => (await platform.get('demo', '/after.html')).status === 200)
    expect(await platform.get('demo', '/third.html')).toMatchObject({ text: 'pushed meanwhile' })
    // It is live a moment before the rest comes into the view.
    await until('it to appear', async () => {
      await bob.sftpOk('get demo.localhost/third.html')
      return (await readFile(join(bob.person.home, 'third.html'), 'utf8')) === 'pushed meanwhile'
    })
    child.stdin?.end()
    expect(await ended(child)).toBe(0)
    await copy.git('pull', '-q', '--rebase', 'hosting', 'main')
    expect((await copy.git('log', '-1', '--format=%an %s')).stdout).toContain('bob SFTP')
  })

  it('a push beside an upload is told to fetch first, and loses nothing', async () => {
    await ann.sftpOk('put a.txt demo.localhost/beside.html')
    await untilRelease(ann.person, 'demo', 'SFTP: 1 file changed')
    await until('it to be live', async () => (await platform.get('demo', '/beside.html')).status === 200)
    await copy.commit({ 'pushed.html': 'pushed' })
    expect((await copy.push()).stderr).toMatch(/fetch first|non-fast-forward|rejected/)
    await copy.git('pull', '-q', '--rebase', 'hosting', 'main')
    await copy.pushOk()
    expect(await platform.get('demo', '/beside.html')).toMatchObject({ text: 'from ann' })
    expect((await ann.sftpOk('ls -1 demo.localhost')).stdout).toContain('pushed.html')
  })

  it('who changed the same file: the first is live, the second is kept, told, and may replace it', async () => {
    await write(bob, 'mine.txt', 'bob’s')
    const args = [...bob.person.sshOptions, '-P', String(platform.sshPort), 'x@127.0.0.1']
    const child = start('sftp', args, { cwd: bob.person.home, env: bob.person.env })
    child.stdin?.write('put mine.txt demo.localhost/warm.html\n')
    await until('bob to be in', async () => (await platform.get('demo', '/warm.html')).status === 200)
    await copy.git('pull', '-q', '--rebase', 'hosting', 'main')
    await copy.commit({ 'other.html': 'pushed by ann' })
    await copy.pushOk()
    child.stdin?.write('put mine.txt demo.localhost/other.html\n')
    await until('it to be kept', async () => (await branchOf('sftp/bob')) !== '')
    child.stdin?.end()
    await ended(child)
    expect(await platform.get('demo', '/other.html')).toMatchObject({ text: 'pushed by ann' })
    expect(await fileOf('other.html', 'sftp/bob')).toBe('bob’s')
    const next = await bob.sftpOk('put mine.txt demo.localhost/other.html')
    expect(next.stderr).toContain('somebody else has changed')
    await until('it to be live', async () => (await platform.get('demo', '/other.html')).text === 'bob’s')
  })
})

describe('an upload that is cut off', () => {
  it('in the middle of a file: the complete ones are live, the partial one is kept to be resumed', async () => {
    await write(ann, 'other.txt', 'complete')
    const big = Buffer.alloc(2_000_000, 'b')
    await write(ann, 'big.txt', big)
    await cutOff(ann, 'big.txt', 'demo.localhost/big.txt')
    await until(
      'the complete file to be live',
      async () => (await platform.get('demo', '/complete.txt')).status === 200,
    )
    expect((await platform.get('demo', '/big.txt')).status).toBe(404)
    const resumed = await ann.sftpOk('reput big.txt demo.localhost/big.txt')
    expect(resumed.stderr).toContain('cut off')
    await until(
      'the whole file to be live',
      async () => (await platform.get('demo', '/big.txt')).text.length === big.length,
    )
  })
})

describe('what must not get in', () => {
  it('.git is never committed, wherever it lies', async () => {
    // Past what refuses it in the jail.
    const tree = join(platform.home.uploads, '1-2/tree')
    for (const folder of ['.git', 'sub/.GIT']) {
      await mkdir(join(tree, folder), { recursive: true })
      await writeFile(join(tree, folder, 'config'), 'x')
    }
    await run('chown', ['-R', '199999:199999', tree])
    await ann.sftpOk('put a.txt demo.localhost/sub/fine.html')
    await until('the rest to be live', async () => (await platform.get('demo', '/sub/fine.html')).status === 200)
    expect((await ann.sftpOk('ls /')).stderr).toContain('.git')
    const clone = await WorkingCopy.clone(ann.person, 'demo')
    expect((await clone.git('ls-tree', '-r', '--name-only', 'HEAD')).stdout.toLowerCase()).not.toContain('.git')
  })

  it('a file over the limit is refused while it is written', async () => {
    await write(ann, 'huge.bin', Buffer.alloc(9_000_000))
    const put = await ann.sftp('put huge.bin demo.localhost/huge.bin')
    expect(put.exitCode).not.toBe(0)
    await ann.sftpOk('rm demo.localhost/huge.bin')
  })
})

describe('names', () => {
  it('that are no text, and such as shells stumble over, are committed byte for byte', async () => {
    const script = [
      'import os, sys',
      'd = os.fsencode(sys.argv[1])',
      'for n in [b"latin-\\xe4.txt", b"new\\nline.txt", b"quo\\"te\\\\.txt", b" space ", b"-dash", b"n" * 250]:',
      '  open(os.path.join(d, n), "wb").write(n)',
    ].join('\n')
    const folder = join(ann.person.home, 'odd')
    await mkdir(folder)
    mustBeOk(await run('python3', ['-c', script, folder]))
    mustBeOk(await ann.rsync('-a', `${folder}/`, 'x@127.0.0.1:demo.localhost/odd/'))
    const clone = await WorkingCopy.clone(ann.person, 'demo')
    expect((await run('diff', ['-r', folder, join(clone.directory, 'odd')])).output).toBe('')
    mustBeOk(
      await run('python3', [
        '-c',
        'import os,sys; n=b"latin-\\xe4.txt"; assert open(os.fsencode(sys.argv[1])+b"/odd/"+n,"rb").read()==n',
        clone.directory,
      ]),
    )
  })
})

describe('many files', () => {
  const isServed = async (path: string) => (await platform.get('demo', path)).status === 200
  const folderOf = async (name: string, count: number): Promise<string> => {
    const folder = join(ann.person.home, name)
    await mkdir(folder)
    for (let n = 0; n < count; n++) await writeFile(join(folder, `file-${n}.txt`), `${n}`)
    return folder
  }

  it('5,000 are one commit', async () => {
    const before = (await releasesOf(ann.person, 'demo')).length
    await folderOf('many', 5000)
    mustBeOk(await ann.scp('-q', '-r', 'many', 'x@127.0.0.1:demo.localhost/many'))
    await until('all to be live', () => isServed('/many/file-4999.txt'), 60_000)
    expect((await releasesOf(ann.person, 'demo')).length).toBeLessThanOrEqual(before + 2)
  })

  it('the removal of a folder of 10,000 is another', async () => {
    await copy.git('pull', '-q', '--rebase', 'hosting', 'main')
    await run('mv', [await folderOf('more', 10_000), copy.directory])
    await run('rm', ['-r', join(copy.directory, 'many')])
    await copy.commit()
    await copy.pushOk()
    const before = (await releasesOf(ann.person, 'demo')).length
    await ann.sftpOk('rm demo.localhost/more/*', 'rmdir demo.localhost/more')
    await until('all to be gone', async () => !(await isServed('/more/file-9999.txt')), 120_000)
    expect((await releasesOf(ann.person, 'demo')).length).toBeLessThanOrEqual(before + 2)
    expect(await isServed('/')).toBe(true)
  }, 240_000)
})
