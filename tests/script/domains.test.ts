// Names of sites as their owners use them: what answers where, who may have which, and what stands before a site; typed and visited.
// All of it is in force from the next request on: the processes of the edge stay the same.
import { join } from 'node:path'
import { writeFile } from 'node:fs/promises'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { edgeProcesses } from '../helpers/edge-processes.ts'
import { type NameServer, startNameServer } from '../helpers/name-server.ts'
import type { Person } from '../helpers/person.ts'
import { type Platform, startPlatform } from '../helpers/platform.ts'
import { curl } from '../helpers/tls.ts'
import { until } from '../helpers/until.ts'
import { WorkingCopy } from '../helpers/working-copy.ts'

let platform: Platform
let names: NameServer
let ann: Person
let bob: Person
let edge: readonly number[]
const flags = () => ({ 'reserved-names': 'git, bank.example', 'dns-resolvers': names.address })

beforeAll(async () => {
  names = await startNameServer()
  platform = await startPlatform({ flags: flags() })
  ann = await platform.addPerson('ann')
  bob = await platform.addPerson('bob')
  await (await WorkingCopy.create(ann, 'demo', { 'index.html': 'ann’s', 'maintenance.html': 'back at noon' })).pushOk()
  await (await WorkingCopy.create(bob, 'other', { 'index.html': 'bob’s' })).pushOk()
  await writeFile(ca(), (await ann.ssh('ca')).stdout)
  await until('HTTPS', async () => (await secure('demo')).status === 200)
  edge = await edgeProcesses(platform.home)
})

afterEach(async () => expect(await edgeProcesses(platform.home)).toEqual(edge))

afterAll(async () => {
  await platform[Symbol.asyncDispose]()
  await names[Symbol.asyncDispose]()
})

const ca = () => join(platform.directory, 'ca.pem')
const secure = (site: string, path = '/', args: readonly string[] = []) =>
  curl(`https://${site}.localhost:${platform.httpsPort}${path}`, ca(), args)

/** What a command has said, among other things, and its exit status. */
const said = (exitCode: number, text: string) => ({ exitCode, output: expect.stringContaining(text) as string })

async function typed(person: Person, ...commands: string[]): Promise<string> {
  let output = ''
  for (const command of commands) {
    const ran = await person.ssh(command)
    if (ran.exitCode !== 0) throw new Error(`${command} ended with ${ran.exitCode}:\n${ran.output}`)
    output = ran.output
  }
  return output
}

describe('the names of a site', () => {
  it('are one primary, others that serve, and others that are redirected, path and query kept', async () => {
    const added = await typed(ann, 'domains:add demo example.net --primary --www')
    expect(added).toContain('✓ example.net is the primary domain of demo.localhost; www.example.net redirects there')
    await typed(ann, 'domains:add demo old.example.com --redirect', 'domains:add demo also.example.com')
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
    expect(await ann.ssh('domains:add demo example.net')).toMatchObject(said(5, 'has the name example.net already'))
    const removed = await typed(ann, 'domains:remove demo also.example.com')
    expect(removed).toContain('demo.localhost is its primary domain again')
    expect(removed).toContain('old.example.com redirects to demo.localhost now')
    expect((await platform.get('demo')).text).toBe('ann’s')
    expect((await platform.get('www.example.net')).headers.location).toContain('demo.localhost')
    expect((await platform.get('also.example.com')).status).toBe(404)
  })

  it('lack the other half of a pair only until one is told so', async () => {
    const hint = 'www.example.de is none of its names:  domains:add demo.localhost example.de --www'
    expect(await typed(ann, 'domains:add demo example.de')).toContain(hint)
    await typed(ann, 'domains:add demo example.de --www')
    expect((await platform.get('www.example.de')).headers.location).toMatch(/^http:\/\/example\.de(:\d+)?\/$/)
    expect((await platform.get('example.de')).text).toBe('ann’s')
    await typed(ann, 'domains:remove demo www.example.de', 'domains:remove demo example.de')
  })

  it('serve by HTTPS as well, and lead there from one to the other', async () => {
    expect(await typed(ann, 'domains:add demo second')).toContain(`https://second.localhost:${platform.httpsPort}`)
    await until('the second name', async () => (await secure('second')).body === 'ann’s')
    await typed(ann, 'domains:add demo second --redirect')
    const { status, headers } = await secure('second', '/a?b')
    expect([status, headers['location']]).toEqual([301, `https://demo.localhost:${platform.httpsPort}/a?b`])
    await typed(ann, 'domains:remove demo second')
    expect((await secure('second')).error).toContain('alert')
    expect((await secure('demo')).body).toBe('ann’s')
  })

  it('may be a wildcard: all of one more label, but those that have a site of their own', async () => {
    await typed(bob, 'domains:add other own.example.dev')
    await typed(ann, "domains:add demo '*.example.dev'")
    expect((await platform.get('a.example.dev')).text).toBe('ann’s')
    expect((await platform.get('own.example.dev')).text).toBe('bob’s')
    for (const name of ['example.dev', 'a.b.example.dev']) expect((await platform.get(name)).status, name).toBe(404)
    await typed(ann, 'domains:remove demo *.example.dev')
    expect((await platform.get('a.example.dev')).status).toBe(404)
  })

  it('are shown as people write them, beside what the network knows', async () => {
    expect(await typed(ann, 'domains:add demo bücher.example')).toContain('bücher.example (xn--bcher-kva.example)')
    expect((await ann.ssh('domains demo')).stdout).toContain('bücher.example (xn--bcher-kva.example)')
    expect(await ann.json('domains demo')).toContainEqual(
      expect.objectContaining({ name: 'xn--bcher-kva.example', unicode: 'bücher.example' }),
    )
    expect((await platform.get('xn--bcher-kva.example')).text).toBe('ann’s')
    await typed(ann, 'domains:remove demo xn--bcher-kva.example')
  })

  it('are none that are refused, and nothing changes by that', async () => {
    const before = await ann.json('domains demo')
    for (const [name, exitCode, why] of [
      ['git', 4, 'is a name of the platform itself'],
      ['a.bank.example', 4, 'is a name of the platform itself'],
      ['db', 4, 'is a name of the platform itself'],
      ['x.db.localhost', 4, 'is a name of the platform itself'],
      ['localhost', 2, 'the name of the platform itself'],
      ['co.uk', 4, 'strangers register names'],
      ['*.localhost', 2, 'the name of the platform itself'],
      ['*.*.example.com', 2, 'only letters, digits, hyphens and dots'],
      ['exa_mple.com', 2, 'only letters, digits, hyphens and dots'],
      ['https://example.com/', 2, 'only letters, digits, hyphens and dots'],
      ['own.example.dev', 5, 'is taken'],
      ['other', 5, 'is taken'],
      ['*.example.com --primary', 2, 'a redirect needs one to lead to'],
      ['*.example.com --www', 2, '--www has nothing to add'],
      ['x.example.com --primary --redirect', 2, 'can’t be one itself'],
    ] as const)
      expect(await ann.ssh(`domains:add demo ${name}`), name).toMatchObject(said(exitCode, why))
    expect(await ann.json('domains demo')).toEqual(before)
    const push = await WorkingCopy.create(bob, 'git', { 'index.html': 'mine' })
    expect((await push.push()).stderr).toContain('is a name of the platform itself')
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
  it('stands a password, for every name that it has or will have', async () => {
    expect((await ann.ssh('protect demo ann', { input: 'pass word\n' })).output).not.toContain('pass word')
    const { password } = (await ann.json('protect demo guest --generate')) as { password: string }
    await typed(ann, 'domains:add demo secret.example.com')
    for (const name of ['demo', 'secret.example.com']) expect((await platform.get(name)).status, name).toBe(401)
    expect((await secure('demo')).status).toBe(401)
    const as = (name: string, secret: string) => ({
      headers: { authorization: `Basic ${Buffer.from(`${name}:${secret}`).toString('base64')}` },
    })
    for (const [name, secret] of [
      ['ann', 'pass word'],
      ['guest', password],
    ] as const)
      expect((await platform.get('demo', '/', as(name, secret))).text, name).toBe('ann’s')
    expect((await secure('demo', '/', ['-u', 'ann:pass word'])).body).toBe('ann’s')
    expect((await platform.get('demo', '/', as('ann', 'wrong'))).status).toBe(401)
    await typed(ann, 'unprotect demo guest')
    expect((await platform.get('demo', '/', as('guest', password))).status).toBe(401)
    await typed(ann, 'unprotect demo')
    expect((await platform.get('demo')).text).toBe('ann’s')
    expect((await ann.ssh('unprotect demo')).exitCode).toBe(3)
  })

  it('stands HSTS, by HTTPS only, until it is taken back', async () => {
    await typed(ann, 'hsts:on demo')
    expect((await secure('demo')).headers['strict-transport-security']).toBe('max-age=31536000')
    expect((await platform.get('demo')).headers['strict-transport-security']).toBeUndefined()
    expect((await ann.ssh('info demo')).stdout).toMatch(/HSTS +browsers keep to HTTPS/)
    await typed(ann, 'hsts:off demo')
    expect((await secure('demo')).headers['strict-transport-security']).toBeUndefined()
  })

  it('stands a maintenance page while its owner wants one, over a push and a restart of the daemon', async () => {
    await typed(ann, 'maintenance:on demo')
    expect(await platform.get('demo')).toMatchObject({ status: 503, text: 'back at noon' })
    expect(await secure('demo')).toMatchObject({ status: 503, body: 'back at noon' })
    await typed(ann, 'domains:add demo late.example.com', 'restart demo')
    await platform.stop()
    await platform.start({ flags: { ...flags(), 'domain-proof': 'always' } })
    edge = await edgeProcesses(platform.home)
    for (const name of ['demo', 'late.example.com']) expect((await platform.get(name)).status, name).toBe(503)
    expect((await platform.get('other')).text).toBe('bob’s')
    expect((await ann.ssh('info demo')).stdout).toContain('in maintenance')
    await typed(ann, 'maintenance:off demo')
    expect((await platform.get('demo')).text).toBe('ann’s')
    expect((await secure('demo')).body).toBe('ann’s')
  })
})

// The platform runs with `domain-proof = always` from its restart on.
it('a name that has to be proven is given for the record that was shown, and to nobody else', async () => {
  const refused = await ann.ssh('domains:add demo www.proven.example')
  expect(refused).toMatchObject(said(4, 'Nothing shows yet that www.proven.example is yours'))
  const [, host = '', value = ''] =
    /(_hosting-challenge\.proven\.example\.) TXT "(hosting=[0-9a-f]{32})"/.exec(refused.output) ?? []
  await names.tell('set-txt', { host, value })
  expect((await bob.ssh('domains:add other www.proven.example')).exitCode).toBe(4)
  await typed(ann, 'domains:add demo www.proven.example')
  expect((await platform.get('www.proven.example')).text).toBe('ann’s')
  await typed(platform.admin, 'domains:add other unproven.example')
})
