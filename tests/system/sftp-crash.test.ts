// The daemon is killed at every step on an upload's way. After the next start what was complete is live, and what was not is kept.
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { ended, start } from '../../src/lib/exec.ts'
import { Platform } from '../helpers/platform.ts'
import { Uploader } from '../helpers/uploader.ts'
import { until } from '../helpers/until.ts'
import { WorkingCopy } from '../helpers/working-copy.ts'

let platform: Platform
let ann: Uploader

beforeAll(async () => {
  platform = await Platform.prepare({ flags: { 'sftp-quiet-seconds': '1', 'warm-instances': '0' } })
  await platform.start()
  ann = new Uploader(await platform.addPerson('ann'), platform)
  const copy = await WorkingCopy.create(ann.person, 'demo', { 'index.html': 'one' })
  await copy.pushOk()
})

afterAll(async () => {
  await platform[Symbol.asyncDispose]()
})

const steps = ['sftp:committed', 'after:proven', 'sftp:moved', 'before:switch', 'sftp:done']

describe('a daemon killed while an upload becomes a release', () => {
  it.each(steps)('%s: it is live after the next start, as one commit', async (fault) => {
    await platform.kill()
    await platform.start({ env: { HOSTING_FAULT: fault } })
    const text = `uploaded before ${fault}`
    await writeFile(join(ann.person.home, 'page.html'), text)
    await ann.sftpOk('put page.html demo.localhost/page.html')
    await until('the daemon to be dead', () => !platform.daemon.running)
    await platform.start()
    await until('the upload to be live', async () => (await platform.get('demo', '/page.html')).text === text)
    const clone = await WorkingCopy.clone(ann.person, 'demo')
    expect(await readFile(join(clone.directory, 'page.html'), 'utf8')).toBe(text)
    expect((await clone.git('diff', '--stat', 'HEAD~1')).stdout).toContain('1 file changed')
  })
})

describe('a daemon killed while a file is uploaded', () => {
  it('publishes the complete ones, and keeps the other to be resumed', async () => {
    await writeFile(join(ann.person.home, 'page.html'), 'complete')
    const big = Buffer.alloc(4_000_000, 'b')
    await writeFile(join(ann.person.home, 'big.txt'), big)
    const args = [...ann.person.sshOptions, '-P', String(platform.sshPort), '-l', '4000', '-b', '-', 'x@127.0.0.1']
    const child = start('sftp', args, { cwd: ann.person.home, env: ann.person.env })
    child.stdin?.end('put page.html demo.localhost/complete.html\nput big.txt demo.localhost/big.txt\n')
    const end = ended(child)
    // So much that the other one was seen to be complete.
    await until('some of the file', async () =>
      /\s[1-9]\d{6,}\s/.test((await ann.sftp('ls -ln demo.localhost/big.txt')).stdout),
    )
    await platform.kill()
    await end
    await platform.start()
    await until(
      'the complete one to be live',
      async () => (await platform.get('demo', '/complete.html')).status === 200,
    )
    expect((await platform.get('demo', '/big.txt')).status).toBe(404)
    expect((await ann.sftpOk('reput big.txt demo.localhost/big.txt')).stderr).toContain('cut off')
    await until('all of it to be live', async () => (await platform.get('demo', '/big.txt')).text.length === big.length)
  })
})
