// Git over HTTPS as people and attackers meet it: real git clients, and curl for what no client sends. The attacks are those that
// node-git-server fell for (docs/why/200-git-over-https.md).
import { randomBytes } from 'node:crypto'
import { readFile, writeFile } from 'node:fs/promises'
import { connect, type Socket } from 'node:net'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { Conversation } from '../helpers/conversation.ts'
import { HttpsPerson } from '../helpers/https-person.ts'
import type { Person } from '../helpers/person.ts'
import { type Platform, startPlatform } from '../helpers/platform.ts'
import { run } from '../helpers/session.ts'
import { until } from '../helpers/until.ts'

const password = 'four words in a row'
let platform: Platform
let ann: HttpsPerson
let annBySsh: Person
let bob: HttpsPerson

beforeAll(async () => {
  platform = await startPlatform({ flags: { 'health-timeout': '5' } })
  annBySsh = await platform.addPerson('ann')
  const bobBySsh = await platform.addPerson('bob')
  for (const person of [annBySsh, bobBySsh]) await person.ssh('password', { input: password })
  ann = new HttpsPerson(platform, { name: 'ann', secret: password })
  bob = new HttpsPerson(platform, { name: 'bob', secret: password })
})
afterAll(async () => await platform[Symbol.asyncDispose]())

async function tokenOf(person: Person, words: string): Promise<string> {
  const added = (await person.json(`tokens:add ${words}`)) as { secret: string }
  return added.secret
}

/** Kilobytes that the daemon has in memory. */
async function memoryOfDaemon(): Promise<number> {
  const status = await readFile(`/proc/${platform.daemon.pid}/status`, 'utf8')
  return Number(/VmRSS:\s+(\d+)/.exec(status)?.[1])
}

/** Command lines of processes of the daemon that are of git's, and of this program. */
async function gitChildren(program: string): Promise<string[]> {
  const { pid } = platform.daemon
  const children = (await readFile(`/proc/${pid}/task/${pid}/children`, 'utf8')).split(' ').filter(Boolean)
  const lines = await Promise.all(children.map((each) => readFile(`/proc/${each}/cmdline`, 'utf8').catch(() => '')))
  return lines.filter((line) => line.startsWith('git\0') && line.includes(program))
}

async function isAlive(): Promise<void> {
  expect(platform.daemon.running).toBe(true)
  expect((await ann.git(['ls-remote', ann.urlOf('demo')])).exitCode).toBe(0)
}

describe('a push', () => {
  it('makes the site and says what it does as it does it', async () => {
    const copy = await ann.copyOf('demo', { 'index.html': 'hello' })
    const pushed = await ann.gitOk(['push', 'hosting', 'main'], copy)
    for (const line of ['Deploying', 'checked out 1 file', 'switched to release 1', '✓ Live: http://demo.localhost'])
      expect(pushed.stderr).toContain(line)
    expect(await platform.get('demo')).toMatchObject({ status: 200, text: 'hello' })
    expect(await annBySsh.json('releases demo')).toMatchObject([{ number: 1, state: 'live' }])
  })

  it('shows each line as it is said, and not at its end', async () => {
    const build = '[build]\ncommand = "echo first-$((1)); sleep 3; echo last-$((1))"\noutput = "."\n'
    const copy = await ann.copyOf('slow', { 'index.html': 'x', 'hosting.toml': build })
    await using push = new Conversation('git', ['-C', copy, 'push', 'hosting', 'main'], ann.env)
    await push.says('first-1')
    expect(push.output).not.toContain('last-1')
    expect(await push.ended()).toBe(0)
    expect(push.output).toContain('last-1')
  })

  it('is refused as over SSH when the release does not stand, and changes nothing', async () => {
    const copy = await ann.copyOf('broken', { 'index.html': 'x', 'hosting.toml': 'rot = "public"' })
    const pushed = await ann.git(['push', 'hosting', 'main'], copy)
    expect(pushed.exitCode).not.toBe(0)
    expect(pushed.stderr).toContain('hosting.toml')
    expect(pushed.stderr).toContain('pre-receive hook declined')
    expect((await annBySsh.ssh('info broken')).exitCode).toBe(3)
  })

  it('from two sides is told to fetch first', async () => {
    const [one, other] = [join(ann.home, 'one'), join(ann.home, 'other')]
    for (const place of [one, other]) await ann.gitOk(['clone', '-q', ann.urlOf('demo'), place])
    await ann.commit(one, { 'index.html': 'one' })
    await ann.commit(other, { 'index.html': 'other' })
    await ann.gitOk(['push', 'origin', 'main'], one)
    expect((await ann.git(['push', 'origin', 'main'], other)).stderr).toMatch(/fetch first|non-fast-forward/)
    expect(await platform.get('demo')).toMatchObject({ text: 'one' })
  })

  // Not to the branch that is deployed: nothing is checked out, and the rest is the same.
  it('of 100 MB takes no memory of the daemon', async () => {
    const copy = await ann.copyOf('large', { 'index.html': 'large' })
    await ann.gitOk(['config', 'core.compression', '0'], copy)
    await ann.commit(copy, { 'large.bin': randomBytes(100 * 1024 * 1024) })
    const before = await memoryOfDaemon()
    let most = before
    const watching = setInterval(() => void memoryOfDaemon().then((now) => (most = Math.max(most, now))), 50)
    await ann.gitOk(['push', 'hosting', 'HEAD:refs/heads/stored'], copy)
    clearInterval(watching)
    expect((most - before) / 1024).toBeLessThan(64)
  }, 120_000)
})

describe('a clone', () => {
  it.each(['0', '1', '2'])('works with version %s of the protocol', async (version) => {
    const place = join(ann.home, `clone-${version}`)
    await ann.gitOk(['-c', `protocol.version=${version}`, 'clone', '-q', ann.urlOf('demo'), place])
    expect(await readFile(join(place, 'index.html'), 'utf8')).toBe('one')
    await ann.gitOk(['-c', `protocol.version=${version}`, 'fetch', '-q'], place)
  })

  it('may be shallow, partial, and by a short or a full name', async () => {
    await ann.gitOk(['clone', '-q', '--depth', '1', ann.urlOf('demo'), 'shallow'])
    expect((await ann.gitOk(['rev-list', '--count', 'HEAD'], join(ann.home, 'shallow'))).stdout.trim()).toBe('1')
    await ann.gitOk(['fetch', '-q', '--unshallow'], join(ann.home, 'shallow'))
    await ann.gitOk(['clone', '-q', '--filter=blob:none', ann.urlOf('demo.localhost'), 'partial'])
    await ann.gitOk(['clone', '-q', ann.urlOf('demo').replace(/\.git$/, ''), 'without-suffix'])
  })
})

describe('who may', () => {
  it('is asked at every request, before anything is read', async () => {
    for (const [method, path] of [
      ['GET', '/'],
      ['GET', '/demo.git/info/refs?service=git-upload-pack'],
      ['GET', '/demo.git/info/refs?service=git-receive-pack'],
      ['GET', '/nowhere.git/info/refs?service=git-upload-pack'],
      ['POST', '/demo.git/git-upload-pack'],
      ['POST', '/demo.git/info/lfs/objects/batch'],
      ['GET', '/demo.git/HEAD'],
    ])
      expect(await ann.curl(path!, ['-X', method!])).toMatchObject({ status: 401 })
    const head = await ann.curl('/', ['-D', '-'])
    expect(head.text).toMatch(/www-authenticate: Basic realm="Hosting"/i)
  })

  // The attack: node-git-server asked at info/refs only, so a bare POST pushed.
  it('is asked of a bare POST, whose pack goes nowhere', async () => {
    const type = ['-H', 'Content-Type: application/x-git-receive-pack-request']
    const before = await ann.gitOk(['ls-remote', ann.urlOf('demo')])
    const body = join(ann.home, 'push.bin')
    const line = `00b0${'0'.repeat(40)} ${'1'.repeat(40)} refs/heads/evil\0 report-status side-band-64k`
    await writeFile(body, line)
    for (const credentials of [[], ['-u', 'ann:wrong password'], ['-u', 'ann:'], ['-H', 'Authorization: Bearer x']])
      expect(
        await ann.curl('/demo.git/git-receive-pack', [...type, ...credentials, '--data-binary', `@${body}`]),
      ).toMatchObject({ status: 401 })
    expect((await ann.gitOk(['ls-remote', ann.urlOf('demo')])).stdout).toBe(before.stdout)
  })

  it('is asked also when the client waits for leave to go on', async () => {
    const waiting = ['-H', 'Expect: 100-continue', '-H', 'Content-Type: application/x-git-upload-pack-request']
    const body = ['--data-binary', '0000']
    expect((await ann.curl('/demo.git/git-upload-pack', [...waiting, ...body])).status).toBe(401)
    expect((await ann.curl('/demo.git/git-upload-pack', [...waiting, ...ann.basic, ...body])).status).toBe(200)
  })

  it('is answered without waiting for the body', async () => {
    const socket = connect(platform.httpPort, '127.0.0.1')
    socket.write(
      'POST /demo.git/git-receive-pack HTTP/1.1\r\nHost: git.localhost\r\nContent-Length: 1000000000\r\n\r\nonly this',
    )
    const [answer] = await Promise.all([new Promise<Buffer>((resolve) => socket.once('data', resolve))])
    expect(answer.toString()).toMatch(/^HTTP\/1\.1 401 /)
    socket.destroy()
  })

  it('is told of a site of somebody else what is told of one that is not there', async () => {
    const there = await bob.git(['ls-remote', bob.urlOf('demo')])
    const absent = await bob.git(['ls-remote', bob.urlOf('nowhere')])
    expect(there.exitCode).not.toBe(0)
    expect(there.stderr.replaceAll('demo', 'nowhere')).toBe(absent.stderr)
    const copy = await bob.copyOf('demo', { 'index.html': 'taken over' })
    expect((await bob.git(['push', '-f', 'hosting', 'main'], copy)).stderr).toContain('belongs to somebody else')
    await annBySsh.ssh('access:add demo bob --role read')
    expect((await bob.git(['ls-remote', bob.urlOf('demo')])).exitCode).toBe(0)
    expect((await bob.git(['push', '-f', 'hosting', 'main'], copy)).stderr).toContain('this needs write')
    await annBySsh.ssh('access:remove demo bob')
  })
})

describe('an app token', () => {
  it('reads, or writes, its sites and no others, until it is removed', async () => {
    await annBySsh.ssh('create other')
    const reader = new HttpsPerson(platform, { name: 'ann', secret: await tokenOf(annBySsh, '--site demo') })
    const writer = new HttpsPerson(platform, {
      name: 'anything',
      secret: await tokenOf(annBySsh, '--site demo --write'),
    })
    const place = join(writer.home, 'copy')
    expect((await reader.git(['ls-remote', reader.urlOf('demo')])).exitCode).toBe(0)
    expect((await reader.git(['ls-remote', reader.urlOf('other')])).stderr).toContain('not found')
    await writer.gitOk(['clone', '-q', writer.urlOf('demo'), place])
    await writer.commit(place, { 'index.html': 'by token' })
    expect((await reader.git(['push', reader.urlOf('demo'), 'main'], place)).stderr).toContain('may only read')
    for (const site of ['other', 'brand-new'])
      expect((await writer.git(['push', writer.urlOf(site), 'main'], place)).exitCode).not.toBe(0)
    await writer.gitOk(['push', 'origin', 'main'], place)
    expect(await platform.get('demo')).toMatchObject({ text: 'by token' })
    for (const { id } of (await annBySsh.json('tokens')) as { id: string }[]) await annBySsh.ssh(`tokens:remove ${id}`)
    expect((await writer.git(['ls-remote', writer.urlOf('demo')])).stderr).toContain('Authentication failed')
  })

  it('for all sites, to write, makes new ones', async () => {
    const maker = new HttpsPerson(platform, { name: 'x', secret: await tokenOf(annBySsh, '--write') })
    const copy = await maker.copyOf('by-token', { 'index.html': 'made' })
    await maker.gitOk(['push', 'hosting', 'main'], copy)
    expect(await platform.get('by-token')).toMatchObject({ text: 'made' })
  })
})

describe('bad input', () => {
  const receive = ['-H', 'Content-Type: application/x-git-receive-pack-request']
  const upload = ['-H', 'Content-Type: application/x-git-upload-pack-request']

  it('is answered with a status of its own', async () => {
    for (const [path, args, status] of [
      ['/demo.git/info/refs', [], 404],
      ['/demo.git/HEAD', [], 404],
      ['/demo.git/objects/info/packs', [], 404],
      ['/demo.git/info/refs?service=git-upload-archive', [], 404],
      ['/../demo.git/info/refs?service=git-upload-pack', [], 400],
      ['/..%2fdemo.git/info/refs?service=git-upload-pack', [], 400],
      ['/%2e%2e%2f%2e%2e%2fetc/info/refs?service=git-upload-pack', [], 400],
      ['/a%2fb.git/info/refs?service=git-upload-pack', [], 400],
      ['/demo.git%00/info/refs?service=git-upload-pack', [], 400],
      ['/nowhere.git/info/refs?service=git-upload-pack', [], 404],
      ['/demo.git/git-upload-pack', ['-X', 'POST', '-d', 'x'], 400],
      ['/demo.git/git-upload-pack', [...upload, '--data-binary', 'garbage'], 400],
      ['/demo.git/git-receive-pack', [...receive, '--data-binary', 'zzzzgarbage'], 400],
      ['/demo.git/git-receive-pack', [...receive, '-H', 'Content-Encoding: br', '--data-binary', 'x'], 400],
      ['/demo.git/git-upload-pack', [...upload, '-H', 'Content-Encoding: gzip', '--data-binary', 'no gzip'], 400],
      ['/demo.git/git-upload-pack', [...upload, '-H', 'Transfer-Encoding: chunked', '--data-binary', '0'], 400],
    ] as const)
      expect({ path, ...(await ann.curl(path, [...ann.basic, ...args])) }).toMatchObject({ path, status })
    await isAlive()
  })

  // The attack: 200 kB of gzip that unpack to 200 MB (or 1 MB to 1 GB), as a request to fetch.
  it('that unpacks to too much is cut off', async () => {
    const file = join(ann.home, 'bomb.gz')
    await writeFile(file, gzipSync(Buffer.alloc(200 * 1024 * 1024), { level: 1 }))
    const before = await memoryOfDaemon()
    const args = [...ann.basic, ...upload, '-H', 'Content-Encoding: gzip', '--data-binary', `@${file}`]
    const { status } = await ann.curl('/demo.git/git-upload-pack', args)
    expect([400, 413]).toContain(status)
    expect(((await memoryOfDaemon()) - before) / 1024).toBeLessThan(96)
    await isAlive()
  })

  // The attack: a push that ends in the middle killed the process of node-git-server.
  it('that breaks off leaves nothing, neither here nor there', async () => {
    const head = [
      'POST /demo.git/git-receive-pack HTTP/1.1',
      'Host: git.localhost',
      `Authorization: Basic ${Buffer.from(`ann:${password}`).toString('base64')}`,
      'Content-Type: application/x-git-receive-pack-request',
      'Content-Length: 100000',
    ]
    const line = `${'0'.repeat(40)} ${'1'.repeat(40)} refs/heads/half\0report-status side-band-64k`
    const length = (line.length + 4).toString(16).padStart(4, '0')
    for (const body of ['', '00', `${length}${line}`, `${length}${line}0000PACK\0\0\0\x02\0\0\0\x05half`]) {
      const socket = connect(platform.httpPort, '127.0.0.1').on('error', () => undefined)
      await new Promise<void>((resolve) => socket.write(`${head.join('\r\n')}\r\n\r\n${body}`, () => resolve()))
      socket.resetAndDestroy()
    }
    await isAlive()
    expect((await ann.gitOk(['ls-remote', ann.urlOf('demo')])).stdout).not.toContain('half')
    await until('no git to be left', async () => (await gitChildren('receive-pack')).length === 0)
  })

  // The attack: a ref outside of heads and tags hung node-git-server, and thousands of refs made it lose count.
  it('may be a strange ref or thousands of them, which are stored and deploy nothing', async () => {
    const place = join(ann.home, 'refs')
    await ann.gitOk(['clone', '-q', ann.urlOf('demo'), place])
    const stored = await ann.gitOk(['push', 'origin', 'HEAD:refs/custom/x'], place)
    expect(stored.stderr).toContain('Nothing was deployed')
    const head = (await ann.gitOk(['rev-parse', 'HEAD'], place)).stdout.trim()
    const names = Array.from({ length: 500 }, (_, at) => `refs/heads/many/${at}`).sort()
    await writeFile(join(place, '.git/packed-refs'), names.map((name) => `${head} ${name}\n`).join(''))
    await ann.gitOk(['push', '-q', 'origin', 'refs/heads/many/*:refs/heads/many/*'], place)
    const listed = await ann.gitOk(['ls-remote', ann.urlOf('demo'), 'refs/heads/many/*'])
    expect(listed.stdout.trim().split('\n')).toHaveLength(500)
    expect((await ann.git(['push', 'origin', 'HEAD:refs/hosting/x'], place)).exitCode).not.toBe(0)
  })
})

describe('slow clients', () => {
  const authorization = `Authorization: Basic ${Buffer.from(`ann:${password}`).toString('base64')}`

  /** Sends a request as it stands, and reads nothing of the answer. */
  function send(service: string, body: string, length = body.length): Socket {
    const socket = connect(platform.httpPort, '127.0.0.1').on('error', () => undefined)
    const head = ['Host: git.localhost', authorization, `Content-Type: application/x-${service}-request`]
    socket.pause()
    socket.write([`POST /large.git/${service} HTTP/1.1`, ...head, `Content-Length: ${length}`, '', body].join('\r\n'))
    return socket
  }

  it('that ask for 100 MB and read nothing, or send a byte now and then, keep nobody waiting', async () => {
    const head = (await ann.gitOk(['ls-remote', ann.urlOf('large'), 'stored'])).stdout.slice(0, 40)
    const before = await memoryOfDaemon()
    const want = `0032want ${head}\n00000009done\n`
    const sockets = Array.from({ length: 8 }, () => send('git-upload-pack', want))
    sockets.push(...Array.from({ length: 8 }, () => send('git-receive-pack', '0', 1000)))
    await until('git to be asked', async () => (await gitChildren('upload-pack')).length === 8)
    await isAlive()
    expect(((await memoryOfDaemon()) - before) / 1024).toBeLessThan(64)
    for (const socket of sockets) socket.destroy()
    await until('no git to be left', async () => (await gitChildren('-pack')).length === 0)
  })
})

describe('by HTTPS', () => {
  it('is the same, with a certificate of the platform, also by HTTP/2', async () => {
    const ca = join(ann.home, 'ca.pem')
    await writeFile(ca, (await annBySsh.ssh('ca')).stdout)
    const url = `https://git.localhost:${platform.httpsPort}`
    const asked = [
      '-sS',
      '--http2',
      '--cacert',
      ca,
      '-o',
      '/dev/null',
      '-w',
      '%{http_version} %{http_code}',
      ...ann.basic,
    ]
    await until('a certificate', async () => (await run('curl', [...asked, `${url}/x`])).stdout === '2 404')
    const place = join(ann.home, 'secure')
    const git = ['-c', `http.sslCAInfo=${ca}`, '-c', 'http.proxy=']
    await ann.gitOk([
      ...git,
      'clone',
      '-q',
      `${url.replace('//', `//ann:${encodeURIComponent(password)}@`)}/demo.git`,
      place,
    ])
    await ann.commit(place, { 'index.html': 'by HTTPS', 'more.bin': randomBytes(3 * 1024 * 1024) })
    const pushed = await ann.gitOk([...git, 'push', 'origin', 'main'], place)
    expect(pushed.stderr).toContain('switched to release')
    expect(await platform.get('demo')).toMatchObject({ text: 'by HTTPS' })
  })
})

describe('the edge', () => {
  it('says so while the platform is away', async () => {
    expect((await platform.get('git', '/x')).status).toBe(401)
    await platform.kill()
    const away = await platform.get('git', '/x').catch(() => undefined)
    // A trial run's nginx may have gone with it.
    if (away !== undefined) expect(away).toMatchObject({ status: 503, headers: { 'retry-after': '10' } })
    await platform.start({ flags: { 'max-push-mb': '1' } })
    await isAlive()
  })

  it('lets a push through that is too large, so that its sender is told so by Git', async () => {
    const place = join(ann.home, 'too-large')
    await ann.gitOk(['clone', '-q', ann.urlOf('demo'), place])
    await ann.commit(place, { 'large.bin': randomBytes(5 * 1024 * 1024) })
    const refused = await ann.git(['push', 'origin', 'main'], place)
    expect(refused.exitCode).not.toBe(0)
    expect(refused.stderr).toContain('The push is larger than 1 MB')
    await isAlive()
  })
})
