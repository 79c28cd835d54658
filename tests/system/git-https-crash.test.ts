// The daemon is killed in the middle of a push over HTTPS, and while a large file comes in: what was accepted is there after the next start,
// what was not leaves nothing, and doing it again works.
import { createHash, randomBytes } from 'node:crypto'
import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { HttpsPerson } from '../helpers/https-person.ts'
import { Platform } from '../helpers/platform.ts'
import { until } from '../helpers/until.ts'

const password = 'four words in a row'
let platform: Platform
let ann: HttpsPerson
let copy: string
let content = 'release 0'

beforeAll(async () => {
  platform = await Platform.prepare({ flags: { 'warm-instances': '0' } })
  await platform.start()
  await platform.addPerson('ann')
  await platform.admin.ssh('password --account ann', { input: password })
  ann = new HttpsPerson(platform, { name: 'ann', secret: password })
  copy = await ann.copyOf('demo', { 'index.html': content })
  await ann.gitOk(['push', 'hosting', 'main'], copy)
})
afterAll(async () => await platform[Symbol.asyncDispose]())

/** Starts the daemon anew, so that it dies at a step; it does while `work` goes on. */
async function dieAt(fault: string, work: () => Promise<unknown>): Promise<void> {
  await platform.stop()
  await platform.start({ env: { HOSTING_FAULT: fault } })
  await work()
  await until('the daemon to be dead', () => !platform.daemon.running)
  await platform.start()
}

describe('a push over HTTPS', () => {
  it('that was not accepted changes nothing, and can be repeated', async () => {
    await ann.commit(copy, { 'index.html': 'release 1' })
    await dieAt('after:check', async () => {
      expect((await ann.git(['push', 'hosting', 'main'], copy)).exitCode).not.toBe(0)
    })
    expect(await platform.get('demo')).toMatchObject({ text: content })
    await ann.gitOk(['push', 'hosting', 'main'], copy)
    content = 'release 1'
    expect(await platform.get('demo')).toMatchObject({ text: content })
  })

  it('that was accepted is live after the next start', async () => {
    await ann.commit(copy, { 'index.html': 'release 2' })
    await dieAt('before:switch', () => ann.git(['push', 'hosting', 'main'], copy))
    expect(await platform.get('demo')).toMatchObject({ text: 'release 2' })
    expect((await ann.gitOk(['push', 'hosting', 'main'], copy)).stderr).toContain('Everything up-to-date')
  })
})

describe('a large file', () => {
  it.each(['lfs:written', 'lfs:renamed'])('at %s is not there, nor half of it, and comes again', async (fault) => {
    const large = randomBytes(100_000)
    const oid = createHash('sha256').update(large).digest('hex')
    const path = `/demo.git/info/lfs/objects/${oid}`
    const put = ['-X', 'PUT', '-H', 'Expect:', '--data-binary', `@${join(copy, `${oid}.bin`)}`]
    await ann.commit(copy, { [`${oid}.bin`]: large })
    await dieAt(fault, () => ann.curl(path, [...ann.basic, ...put]))
    expect((await ann.curl(path, ann.basic)).status).toBe(404)
    const left = await readdir(join(platform.home.lfs, 'demo.localhost'), { recursive: true })
    expect(left.filter((name) => name.startsWith('incoming/'))).toEqual([])
    expect((await ann.curl(path, [...ann.basic, ...put])).status).toBe(200)
    expect((await ann.curl(path, [...ann.basic, '-o', '/dev/null'])).status).toBe(200)
  })
})
