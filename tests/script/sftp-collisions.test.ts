// Uploads that meet something else while they are being written: somebody else's change of the same file, the end of the right to it.
// Nothing is lost in silence, and nothing goes live for who may no more.
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { type Child, ended, start } from '../../src/lib/exec.ts'
import { type Platform, startPlatform } from '../helpers/platform.ts'
import { mustBeOk, Uploader } from '../helpers/uploader.ts'
import { until } from '../helpers/until.ts'
import { WorkingCopy } from '../helpers/working-copy.ts'

let platform: Platform
let ann: Uploader
let bob: Uploader
let copy: WorkingCopy

beforeAll(async () => {
  platform = await startPlatform({ flags: { 'sftp-quiet-seconds': '1' } })
  ann = new Uploader(await platform.addPerson('ann'), platform)
  bob = new Uploader(await platform.addPerson('bob'), platform)
  copy = await WorkingCopy.create(ann.person, 'demo', { 'index.html': 'one', 'same.html': 'as it was' })
  await copy.pushOk()
  await ann.person.ssh('access:add demo bob --role write')
})

afterAll(async () => {
  await platform[Symbol.asyncDispose]()
})

/** A session that holds a file open: `held` is written to each time the child is sent a line. */
function holding(who: Uploader, held: string): Child {
  const script = [
    'import paramiko, sys',
    'c = paramiko.SSHClient(); c.set_missing_host_key_policy(paramiko.AutoAddPolicy())',
    'c.connect("127.0.0.1", port=int(sys.argv[1]), username="x", key_filename=sys.argv[2], look_for_keys=False, allow_agent=False)',
    's = c.open_sftp(); s.chdir("demo.localhost")',
    'f = s.open(sys.argv[3], "w"); f.write(b"written "); f.flush(); print("open", flush=True)',
    'for line in sys.stdin:',
    '  f.write(line.strip().encode()); f.flush()',
    'f.close(); c.close()',
  ]
  const args = ['-c', script.join('\n'), String(platform.sshPort), who.person.keyFile, held]
  return start('python3', args, { cwd: who.person.home, env: who.person.env })
}

async function isOpen(child: Child): Promise<void> {
  await new Promise((resolve) => child.stdout?.once('data', resolve))
}

const statusOf = async (path: string) => (await platform.get('demo', path)).status

it('a file that is being written while somebody else changes it: theirs is live, what was written is kept, and told', async () => {
  const child = holding(bob, 'same.html')
  await isOpen(child)
  await copy.commit({ 'same.html': 'pushed by ann' })
  await copy.pushOk()
  await writeFile(join(bob.person.home, 'beside.html'), 'beside')
  mustBeOk(await bob.rsync('-a', 'beside.html', 'x@127.0.0.1:demo.localhost/'))
  expect(await statusOf('/beside.html')).toBe(200)
  child.stdin?.end('by bob\n')
  expect(await ended(child)).toBe(0)
  await until('bob to be told', async () =>
    (await bob.person.ssh('info demo')).output.includes('somebody else has changed what you uploaded'),
  )
  expect(await platform.get('demo', '/same.html')).toMatchObject({ text: 'pushed by ann' })
  const { directory } = await WorkingCopy.clone(bob.person, 'demo')
  const kept = await bob.person.git(['show', 'hosting/sftp/bob:same.html'], { cwd: directory })
  expect(kept.stdout).toBe('written by bob')
  expect((await bob.rsync('-a', 'beside.html', 'x@127.0.0.1:demo.localhost/')).stderr).toMatch(
    /not live.*\n +same\.html/,
  )
  await bob.sftpOk('get demo.localhost/same.html kept.html', 'rm demo.localhost/same.html')
  await until('nothing to be left', async () => !(await bob.person.ssh('info demo')).output.includes('somebody else'))
  await bob.sftpOk('get demo.localhost/same.html theirs.html')
  expect(await readFile(join(bob.person.home, 'theirs.html'), 'utf8')).toBe('pushed by ann')
})

it('a file where somebody else has made a folder, and the other way round: theirs is live, and nothing of it is removed', async () => {
  await bob.sftpOk('mkdir demo.localhost/file')
  const children = ['folder', 'file/inside.html'].map((path) => holding(bob, path))
  await Promise.all(children.map(isOpen))
  await copy.git('pull', '-q', '--rebase', 'hosting', 'main')
  await copy.commit({ 'folder/theirs.html': 'theirs', file: 'theirs' })
  await copy.pushOk()
  await writeFile(join(bob.person.home, 'third.html'), 'third')
  mustBeOk(await bob.rsync('-a', 'third.html', 'x@127.0.0.1:demo/'))
  expect(await statusOf('/third.html')).toBe(200)
  const ends = Promise.all(children.map(ended))
  for (const child of children) child.stdin?.end('more\n')
  expect(await ends).toEqual([0, 0])
  await until('bob to be told', async () => {
    const { output } = await bob.person.ssh('info demo')
    return output.includes('file/inside.html') && /^ +folder$/m.test(output)
  })
  const { directory } = await WorkingCopy.clone(ann.person, 'demo')
  expect(await readFile(join(directory, 'folder/theirs.html'), 'utf8')).toBe('theirs')
  expect(await readFile(join(directory, 'file'), 'utf8')).toBe('theirs')
})

it('a copy ends with an error as long as something of it is not live, also when nothing is sent any more', async () => {
  await writeFile(join(bob.person.home, 'third.html'), 'third again')
  const again = await bob.rsync('-a', 'third.html', 'x@127.0.0.1:demo.localhost/')
  expect(again.exitCode).toBe(23)
  expect(await platform.get('demo', '/third.html')).toMatchObject({ text: 'third again' })
  await bob.sftpOk('rm demo.localhost/folder', 'rm demo.localhost/file/inside.html', 'rmdir demo.localhost/file')
  await until('nothing to be left', async () => !(await bob.person.ssh('info demo')).output.includes('somebody else'))
  mustBeOk(await bob.rsync('-a', 'third.html', 'x@127.0.0.1:demo.localhost/'))
  expect((await bob.sftpOk('ls -1 demo.localhost/folder')).stdout).toContain('theirs.html')
})

it('what was staged goes live for nobody who has lost the right to it, and neither does half a file', async () => {
  const child = holding(bob, 'half.html')
  child.stdin?.on('error', () => undefined)
  await isOpen(child)
  await writeFile(join(bob.person.home, 'page.html'), 'staged')
  await bob.sftpOk('put page.html demo.localhost/staged.html')
  await ann.person.ssh('access:remove demo bob')
  // It finds out by writing.
  await until('his session to be ended', () => {
    child.stdin?.write('more\n')
    return child.exitCode !== null || child.signalCode !== null
  })
  await writeFile(join(ann.person.home, 'after.html'), 'after')
  await ann.sftpOk('put after.html demo.localhost/after.html')
  await until('an upload of somebody else to be live', async () => (await statusOf('/after.html')) === 200)
  expect([await statusOf('/staged.html'), await statusOf('/half.html')]).toEqual([404, 404])
  // Nor later, when he may again: somebody else may have put it there. It is told, and live when he uploads it once more.
  await ann.person.ssh('access:add demo bob --role write')
  await writeFile(join(bob.person.home, 'new.html'), 'new')
  const next = await bob.sftpOk('put new.html demo.localhost/new.html')
  expect(next.stderr).toMatch(/staged\.html/)
  await until('his new one to be live', async () => (await statusOf('/new.html')) === 200)
  expect(await statusOf('/staged.html')).toBe(404)
  await bob.sftpOk('put page.html demo.localhost/staged.html')
  await until('it to be live', async () => (await platform.get('demo', '/staged.html')).text === 'staged')
})
