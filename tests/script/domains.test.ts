// Names of sites as their owners use them: what answers where, who may have which, and what stands before a site; typed and visited.
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Person } from '../helpers/person.ts'
import { type Platform, startPlatform } from '../helpers/platform.ts'
import { WorkingCopy } from '../helpers/working-copy.ts'

let platform: Platform
let ann: Person
let bob: Person

beforeAll(async () => {
  platform = await startPlatform({ flags: { 'reserved-names': 'git, bank.example' } })
  ann = await platform.addPerson('ann')
  bob = await platform.addPerson('bob')
  await (await WorkingCopy.create(ann, 'demo', { 'index.html': 'ann’s', 'maintenance.html': 'back at noon' })).pushOk()
  await (await WorkingCopy.create(bob, 'other', { 'index.html': 'bob’s' })).pushOk()
})

afterAll(async () => {
  await platform[Symbol.asyncDispose]()
})

/** What a command has said, among other things, and its exit status. */
const said = (exitCode: number, text: string) => ({ exitCode, output: expect.stringContaining(text) as string })

async function typed(person: Person, ...commands: string[]): Promise<void> {
  for (const command of commands) {
    const { exitCode, output } = await person.ssh(command)
    if (exitCode !== 0) throw new Error(`${command} ended with ${exitCode}:\n${output}`)
  }
}

describe('the names of a site', () => {
  it('are one primary, others that serve, and others that are redirected, path and query kept', async () => {
    await typed(ann, 'domains:add demo example.net --primary --www', 'domains:add demo old.example.com --redirect')
    await typed(ann, 'domains:add demo also.example.com')
    expect(await ann.json('domains demo')).toMatchObject([
      { name: 'example.net', role: 'primary', redirectsTo: null },
      { name: 'demo.localhost', role: 'served', ownName: true },
      { name: 'www.example.net', role: 'redirect', redirectsTo: 'example.net' },
      { name: 'old.example.com', role: 'redirect', redirectsTo: 'example.net' },
      { name: 'also.example.com', role: 'served' },
    ])
    for (const name of ['example.net', 'also.example.com', 'demo'])
      expect((await platform.get(name)).text, name).toBe('ann’s')
    for (const name of ['www.example.net', 'old.example.com']) {
      const answer = await platform.get(name, '/a/b%20c?d=e&f')
      expect(answer.status, name).toBe(301)
      expect(answer.headers.location).toMatch(/^http:\/\/example\.net(:\d+)?\/a\/b%20c\?d=e&f$/)
    }
  })

  it('change their parts while they serve', async () => {
    await typed(ann, 'domains:primary demo also.example.com --redirect')
    expect((await platform.get('example.net')).headers.location).toContain('also.example.com')
    // The pair led to a name that is led on now: one redirect is enough.
    expect((await platform.get('www.example.net')).headers.location).toContain('also.example.com')
    expect(await ann.ssh('domains:add demo also.example.com --redirect')).toMatchObject(said(5, 'primary domain'))
    await typed(ann, 'domains:add demo example.net')
    expect((await platform.get('example.net')).text).toBe('ann’s')
    await typed(ann, 'domains:remove demo also.example.com')
    expect((await platform.get('demo')).text).toBe('ann’s')
    expect((await platform.get('www.example.net')).headers.location).toContain('demo.localhost')
    expect((await platform.get('also.example.com')).status).toBe(404)
  })

  it('may be a wildcard: all of one more label, but those that have a site of their own', async () => {
    await typed(bob, 'domains:add other own.example.dev')
    await typed(ann, 'domains:add demo *.example.dev')
    expect((await platform.get('a.example.dev')).text).toBe('ann’s')
    expect((await platform.get('own.example.dev')).text).toBe('bob’s')
    for (const name of ['example.dev', 'a.b.example.dev']) expect((await platform.get(name)).status, name).toBe(404)
    await typed(ann, 'domains:remove demo *.example.dev')
    expect((await platform.get('a.example.dev')).status).toBe(404)
  })

  it('are shown as people write them, beside what the network knows', async () => {
    await typed(ann, 'domains:add demo bücher.example')
    expect((await ann.ssh('domains demo')).stdout).toContain('bücher.example (xn--bcher-kva.example)')
    expect((await platform.get('xn--bcher-kva.example')).text).toBe('ann’s')
    await typed(ann, 'domains:remove demo xn--bcher-kva.example')
  })

  it.each([
    ['git', 4],
    ['a.bank.example', 4],
    ['co.uk', 4],
    ['*.localhost', 2],
    ['db', 4],
    ['*.*.example.com', 2],
    ['own.example.dev', 5],
    ['*.example.com --primary', 2],
    ['*.example.com --www', 2],
    ['x.example.com --primary --redirect', 2],
  ])('are refused: %s', async (name, exitCode) => {
    const before = await ann.json('domains demo')
    expect((await ann.ssh(`domains:add demo ${name}`)).exitCode).toBe(exitCode)
    expect(await ann.json('domains demo')).toEqual(before)
  })
})

describe('a name below that of somebody else', () => {
  it('needs their consent, for a domain and for a site, until that is taken back', async () => {
    await typed(ann, 'domains:add demo club.example')
    const push = await WorkingCopy.create(bob, 'blog.club.example', { 'index.html': 'blog' })
    expect((await push.push()).stderr).toContain('domains:allow demo.localhost club.example bob')
    expect((await bob.ssh('domains:add other shop.club.example')).exitCode).toBe(4)
    expect((await bob.ssh('domains:allow demo club.example bob')).exitCode).toBe(3)
    await typed(ann, 'domains:allow demo club.example bob')
    await typed(bob, 'domains:add other shop.club.example')
    await push.pushOk()
    expect((await platform.get('blog.club.example')).text).toBe('blog')
    expect(await ann.json('access demo')).toContainEqual(
      expect.objectContaining({ account: 'bob', role: 'take names below club.example' }),
    )
    const ended = await ann.ssh('domains:disallow demo club.example bob')
    expect(ended).toMatchObject(said(0, 'shop.club.example'))
    expect(ended.output).toContain('blog.club.example')
    expect((await bob.ssh('domains:add other more.club.example')).exitCode).toBe(4)
    expect((await platform.get('shop.club.example')).text).toBe('bob’s')
    await typed(platform.admin, 'domains:add other more.club.example')
  })

  it('is kept for its owner when the site is destroyed', async () => {
    await typed(bob, 'destroy blog.club.example --confirm blog.club.example')
    expect((await platform.get('blog.club.example')).status).toBe(404)
    expect(await ann.ssh('domains:add demo blog.club.example')).toMatchObject(said(5, 'is kept for its owner until'))
    await typed(platform.admin, 'domains:add demo blog.club.example')
    expect((await platform.get('blog.club.example')).text).toBe('ann’s')
  })
})

describe('before a site', () => {
  it('stands a maintenance page while its owner wants one, over a push and a restart of the daemon', async () => {
    await typed(ann, 'maintenance:on demo')
    expect(await platform.get('demo')).toMatchObject({ status: 503, text: 'back at noon' })
    await typed(ann, 'domains:add demo late.example.com', 'restart demo')
    await platform.stop()
    await platform.start()
    for (const name of ['demo', 'late.example.com']) expect((await platform.get(name)).status, name).toBe(503)
    expect((await platform.get('other')).text).toBe('bob’s')
    expect((await ann.ssh('info demo')).stdout).toContain('in maintenance')
    await typed(ann, 'maintenance:off demo')
    expect((await platform.get('demo')).text).toBe('ann’s')
  })

  it('stands a password, for every name that it has or will have', async () => {
    expect((await ann.ssh('protect demo ann', { input: 'pass word\n' })).output).not.toContain('pass word')
    const { password } = (await ann.json('protect demo guest --generate')) as { password: string }
    await typed(ann, 'domains:add demo secret.example.com')
    for (const name of ['demo', 'secret.example.com']) expect((await platform.get(name)).status, name).toBe(401)
    const as = (name: string, secret: string) => ({
      headers: { authorization: `Basic ${Buffer.from(`${name}:${secret}`).toString('base64')}` },
    })
    for (const [name, secret] of [
      ['ann', 'pass word'],
      ['guest', password],
    ] as const)
      expect((await platform.get('demo', '/', as(name, secret))).text, name).toBe('ann’s')
    expect((await platform.get('demo', '/', as('ann', 'wrong'))).status).toBe(401)
    await typed(ann, 'unprotect demo guest')
    expect((await platform.get('demo', '/', as('guest', password))).status).toBe(401)
    await typed(ann, 'unprotect demo')
    expect((await platform.get('demo')).text).toBe('ann’s')
    expect((await ann.ssh('unprotect demo')).exitCode).toBe(3)
  })
})
