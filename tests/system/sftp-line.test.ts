// Uploads where deploys take long: they wait for their turn, drive nobody out and are lost to nobody; and whoever loses the right to them
// meanwhile does not get them live.
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { type Platform, startPlatform } from '../helpers/platform.ts'
import { mustBeOk, Uploader } from '../helpers/uploader.ts'
import { until } from '../helpers/until.ts'
import { WorkingCopy } from '../helpers/working-copy.ts'

let platform: Platform
let ann: Uploader
let bob: Uploader
let copy: WorkingCopy

beforeAll(async () => {
  platform = await startPlatform({ flags: { 'sftp-quiet-seconds': '0.5' } })
  ann = new Uploader(await platform.addPerson('ann'), platform)
  bob = new Uploader(await platform.addPerson('bob'), platform)
  copy = await WorkingCopy.create(ann.person, 'slow', { 'index.php': 'slow', Procfile: 'release: sleep 3\n' })
  await copy.pushOk()
  await ann.person.ssh('access:add slow bob --role write')
  for (const who of [ann, bob]) await writeFile(join(who.person.home, 'page.txt'), who.person.name)
}, 900_000)
afterAll(async () => await platform[Symbol.asyncDispose]())

const textOf = async (path: string) => {
  const { status, text } = await platform.get('slow', path)
  return status === 200 ? text : status
}

async function deploying(): Promise<void> {
  await until('a release to be prepared', async () =>
    (await ann.person.ssh('releases slow')).stdout.includes('preparing'),
  )
}

it('two people’s uploads beside a push that is proven, and one that waits: all of them are live in the end', async () => {
  await copy.commit({ 'first.txt': 'first' })
  const first = copy.push()
  await deploying()
  const clone = await WorkingCopy.clone(ann.person, 'slow')
  await ann.sftpOk('put page.txt slow.localhost/ann.txt')
  await bob.sftpOk('put page.txt slow.localhost/bob.txt')
  expect(mustBeOk(await first).exitCode).toBe(0)
  await until(
    'both to be live',
    async () => (await textOf('/ann.txt')) === 'ann' && (await textOf('/bob.txt')) === 'bob',
  )
  expect(await textOf('/first.txt')).toBe('first')
  expect((await ann.sftpOk('ls -1 /')).stderr).toBe('')
  // From before all of that.
  await clone.commit({ 'late.txt': 'late' })
  expect((await clone.push()).stderr).toMatch(/fetch first|non-fast-forward/)
})

it('a push that waits keeps its place, and the upload that came after it is put on top', async () => {
  await copy.git('pull', '-q', '--rebase', 'hosting', 'main')
  const [one, two] = await Promise.all([1, 2].map(() => WorkingCopy.clone(ann.person, 'slow')))
  await one!.commit({ 'one.txt': 'one' })
  const first = one!.push()
  await deploying()
  await two!.commit({ 'two.txt': 'two' })
  const second = two!.push()
  const upload = bob.rsync('-a', 'page.txt', 'x@127.0.0.1:slow/upload.txt')
  expect((await first).exitCode).toBe(0)
  // As of any push that is not based on what was live meanwhile.
  expect((await second).stderr).toContain('git pull --rebase, then push again.')
  mustBeOk(await upload)
  expect([await textOf('/one.txt'), await textOf('/upload.txt')]).toEqual(['one', 'bob'])
})

it('who loses the right to change the site while an upload waits, or is proven: it is not live', async () => {
  await copy.git('pull', '-q', '--rebase', 'hosting', 'main')
  await copy.commit({ 'next.txt': 'next' })
  const push = copy.push()
  await deploying()
  const upload = bob.rsync('-a', 'page.txt', 'x@127.0.0.1:slow.localhost/waiting.txt')
  await until('it to be there', async () => (await bob.sftp('ls slow.localhost/waiting.txt')).exitCode === 0)
  await ann.person.ssh('access:remove slow bob')
  mustBeOk(await push)
  expect((await upload).exitCode).not.toBe(0)
  await copy.commit({ 'after.txt': 'after' })
  await copy.pushOk()
  expect(await textOf('/after.txt')).toBe('after')
  expect(await textOf('/waiting.txt')).toBe(404)
})

it('nor a push of whoever loses it while that is proven', async () => {
  await ann.person.ssh('access:add slow bob --role write')
  const clone = await WorkingCopy.clone(bob.person, 'slow')
  await clone.commit({ 'pushed.txt': 'pushed' })
  const push = clone.push()
  await deploying()
  await ann.person.ssh('access:remove slow bob')
  const { exitCode, stderr } = await push
  expect([exitCode, stderr]).toEqual([1, expect.stringContaining('[remote rejected]')])
  expect(await textOf('/pushed.txt')).toBe(404)
  expect(await textOf('/after.txt')).toBe('after')
})
