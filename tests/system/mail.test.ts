// The mail socket of a site, as a hostile program in an instance meets it, and a relay that misbehaves.
import { mkdtemp, readdir, rm, stat } from 'node:fs/promises'
import { type AddressInfo, connect, createServer, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { loadConfig } from '../../src/config/load.ts'
import { createMail, type Mail } from '../../src/data/mail/mail.ts'
import { createRelay } from '../../src/data/mail/relay.ts'
import { systemClock } from '../../src/lib/clock.ts'
import { silentLog } from '../../src/lib/log.ts'
import { parseHostName } from '../../src/names/host-name.ts'
import { openStore, type Store } from '../../src/store/store.ts'
import { startRelay, type TestRelay } from '../helpers/relay.ts'
import { until } from '../helpers/until.ts'

const megabyte = 1024 * 1024
let root: string
let relay: TestRelay
let store: Store
let mail: Mail
let noted: string[]
const site = { id: 0, name: 'demo.localhost' }

async function start(flags: Record<string, string> = {}): Promise<void> {
  await (mail as Mail | undefined)?.stop()
  const config = loadConfig({
    flags: { home: root, 'run-link': root, ...relay.flags, 'mail-max-mb': '1', 'mail-per-hour': '20', ...flags },
    env: {},
  })
  const note = (name: string, text: string) => Promise.resolve(void noted.push(`${name}: ${text}`))
  mail = await createMail({ config, store, clock: systemClock, log: silentLog, note })
  mail.start()
  await mail.ensure(site)
}

beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), 'mail-'))
  relay = await startRelay(join(root, 'relay'))
  store = await openStore(':memory:', systemClock)
  const owner = await store.accounts.add('ann', 'user')
  site.id = (await store.sites.add({ name: parseHostName(site.name), ownerId: owner.id, branch: 'main' })).id
})
beforeEach(async () => {
  noted = []
  relay.received.length = 0
  relay.refuse = () => undefined
  await start()
})
afterAll(async () => {
  await mail.stop()
  await store.close()
  await relay[Symbol.asyncDispose]()
  await rm(root, { recursive: true })
})

function knock(): Socket {
  const socket = connect(join(root, 'mail', String(site.id), 'mail.sock'))
  return socket.on('error', () => undefined)
}

/** Says a line after each answer; @returns the answers. What is sent for DATA is the rest. */
async function talk(lines: readonly (string | Buffer)[]): Promise<string[]> {
  const answers: string[] = []
  await answered(knock(), lines, answers).catch(() => undefined)
  return answers
}

async function answered(socket: Socket, lines: readonly (string | Buffer)[], answers: string[]): Promise<void> {
  let pending = ''
  for await (const bytes of socket) {
    pending += String(bytes)
    const last = /(?:^|\n)(\d{3} .*)\r\n$/.exec(pending)
    if (last === null) continue
    answers.push(last[1] ?? '')
    pending = ''
    const line = lines[answers.length - 1]
    if (line === undefined) break
    socket.write(line)
    socket.write('\r\n')
  }
}

const letter = (message: string | Buffer, recipients = ['bob@example.net']) =>
  talk([
    'EHLO x',
    'MAIL FROM:<forged@bank.example>',
    ...recipients.map((address) => `RCPT TO:<${address}>`),
    'DATA',
    Buffer.concat([Buffer.from(message), Buffer.from('\r\n.')]),
    'QUIT',
  ])

describe('a mail', () => {
  it('reaches the relay by TLS and password, from an envelope that the site did not choose', async () => {
    const answers = await letter('Subject: hello\r\nBcc: eve@example.net\r\n\r\n..one\r\ntwo')
    expect(answers.at(-2)).toMatch(/^250 2\.0\.0 Sent <.*@localhost>$/)
    const [got] = relay.received
    expect(got).toMatchObject({ from: 'demo@localhost', to: ['bob@example.net'], user: 'platform', tls: true })
    expect(got?.text).toMatch(/^X-Hosting-Site: demo\.localhost\r\nSubject: hello\r\nFrom: demo@localhost\r\n/)
    expect(got?.text).toMatch(/\r\n\r\n\.one\r\ntwo\r\n$/)
    expect(got?.text).not.toContain('eve')
    expect(noted).toEqual([expect.stringMatching(/^demo\.localhost: sent to b…@example\.net <.*@localhost>$/)])
  })

  // The attack: a second mail, with an envelope of the site's choice, hidden behind an end of data that only some servers see.
  it('is one mail, whatever ends its lines', async () => {
    for (const end of ['\n.\n', '\r.\r', '\n.\r\n', '\r\n.\r', '\r.\n'])
      await letter(`Subject: a\r\n\r\nx${end}MAIL FROM:<a@b>\r\nRCPT TO:<c@d>\r\nDATA\r\nSubject: smuggled\r\n\r\ny`)
    expect(relay.received).toHaveLength(5)
    expect(new Set(relay.received.flatMap(({ to }) => to))).toEqual(new Set(['bob@example.net']))
  })

  it('is refused beyond what the site may send, with one line in its log', async () => {
    for (let count = 0; count < 4; count++)
      await letter(
        'a: b',
        Array.from({ length: 5 }, (_, n) => `p${n}@example.net`),
      )
    expect(relay.received).toHaveLength(4)
    noted = []
    for (let count = 0; count < 3; count++)
      expect((await letter('a: b')).at(-2)).toMatch(/^452 4\.7\.1 More than 20 recipients in an hour; again in \d+ s$/)
    expect(noted).toEqual([expect.stringMatching(/not sent: More than 20 recipients in an hour/)])
    expect(relay.received).toHaveLength(4)
  })

  it('has so many recipients at most', async () => {
    await start({ 'mail-max-recipients': '2' })
    expect(await letter('a: b', ['a@b.example', 'b@b.example', 'c@b.example'])).toContain(
      '452 4.5.3 A mail may have 2 recipients at most',
    )
  })

  it('is refused where there is no relay, which is said once', async () => {
    await start({ 'mail-relay': '' })
    for (let count = 0; count < 5; count++)
      expect((await talk(['EHLO x', 'MAIL FROM:<a@b.example>', 'QUIT']))[2]).toMatch(/^550 5\.3\.5 .*mail-relay/)
    expect(noted).toEqual([expect.stringMatching(/not sent: This server has no mail relay yet.*mail-relay/)])
  })
})

describe('a relay', () => {
  it('says why it refuses a mail, and takes it for the others', async () => {
    relay.refuse = (address) =>
      address.startsWith('gone') ? { responseCode: 550, message: 'No such user here' } : undefined
    expect((await letter('a: b', ['gone@example.net'])).at(-2)).toMatch(
      /^550 The relay refused it: .*No such user here/,
    )
    expect(noted[0]).toMatch(/not sent to g…@example\.net: The relay refused it: .*No such user here/)
    expect((await letter('a: b', ['gone@example.net', 'bob@example.net'])).at(-2)).toMatch(/^250 /)
    expect(relay.received.map(({ to }) => to)).toEqual([['bob@example.net']])
    expect(noted[1]).toMatch(/sent to .*; the relay refused g…@example\.net/)
  })

  it('that is not there, or not who it is to be, is no business of the site', async () => {
    await start({ 'mail-relay': 'smtp://localhost:1' })
    expect((await letter('a: b')).at(-2)).toBe('451 4.4.1 The relay could not be reached')
    await start({ 'mail-ca': '' })
    expect((await letter('a: b')).at(-2)).toMatch(/^451 4\.(7\.5|4\.1) The relay could not/)
    await start({ 'mail-user': 'somebody' })
    expect((await letter('a: b')).at(-2)).toBe('451 4.7.0 The relay refused the login of the platform')
    expect(relay.received).toEqual([])
    expect(noted).toHaveLength(3)
  })
})

it('gives up a relay that does not answer', async () => {
  const silent = createServer((socket) => socket.on('error', () => undefined))
  const address = await new Promise<AddressInfo | string | null>((resolve) => {
    silent.listen(0, '127.0.0.1', () => resolve(silent.address()))
  })
  const port = typeof address === 'object' ? String(address?.port) : ''
  const config = loadConfig({ flags: { home: root, 'mail-relay': `smtp://127.0.0.1:${port}` }, env: {} })
  const way = await createRelay(config, silentLog)
  const signal = AbortSignal.timeout(200)
  const outgoing = {
    sender: 'a@b.example',
    recipients: ['c@d.example'],
    message: Readable.from(['a: b\r\n\r\n']),
    signal,
  }
  await expect(way?.send(outgoing)).rejects.toThrow('The relay took too long')
  silent.close()
})

describe('the socket', () => {
  it('is closed to other users of the machine, and there again after a restart', async () => {
    expect((await stat(join(root, 'mail'))).mode & 0o777).toBe(0o700)
    const directory = await mail.ensure(site)
    const before = await stat(directory)
    await mail.stop()
    await start()
    // The same directory: instances have it mounted.
    expect((await stat(directory)).ino).toBe(before.ino)
    expect((await letter('a: b')).at(-2)).toMatch(/^250 /)
  })

  it('goes with its site', async () => {
    await mail.ensure({ id: 4711, name: 'gone.localhost' })
    expect(await readdir(join(root, 'mail'))).toContain('4711')
    await start()
    await until('it to be gone', async () => (await readdir(join(root, 'mail'))).join() === String(site.id))
  })

  it('refuses a mail that is too large, in words where that is possible', async () => {
    const answers = await letter(Buffer.concat([Buffer.from('a: b\r\n\r\n'), Buffer.alloc(2 * megabyte, 'x\r\n')]))
    expect(answers).toContain('552 5.3.4 The mail is larger than 1 MB')
    expect((await letter(Buffer.alloc(megabyte / 2, 'x'))).join()).toContain(
      '552 5.3.4 The header of the mail is larger',
    )
    expect(relay.received).toEqual([])
    expect((await letter('a: b')).at(-2)).toMatch(/^250 /)
  })

  // The attack: a mail without end.
  it('cuts off what does not end', async () => {
    const socket = knock()
    socket.write('EHLO x\r\n')
    await until('the greeting', () => socket.bytesRead > 0)
    socket.write('EHLO x\r\nMAIL FROM:<a@b.example>\r\nRCPT TO:<c@d.example>\r\nDATA\r\na: b\r\n\r\n')
    const flood = setInterval(() => socket.writableNeedDrain || socket.write(Buffer.alloc(megabyte, 'x\r\n')), 1)
    try {
      await until('the end of the connection', () => socket.closed)
    } finally {
      clearInterval(flood)
    }
    expect(socket.bytesWritten).toBeLessThan(30 * megabyte)
    expect(relay.received).toEqual([])
    expect((await letter('a: b')).at(-2)).toMatch(/^250 /)
  })

  it('never sends half of a mail', async () => {
    const socket = knock()
    let told = ''
    socket.on('data', (bytes) => (told += String(bytes)))
    await until('the greeting', () => told !== '')
    socket.write('EHLO x\r\nMAIL FROM:<a@b.example>\r\nRCPT TO:<c@d.example>\r\nDATA\r\na: b\r\n\r\nhalf of')
    await until('it to be taken', () => told.includes('354 '))
    socket.destroy()
    await until('a note', () => noted.length > 0)
    expect(noted[0]).toContain('was gone before')
    expect(relay.received).toEqual([])
  })

  // The attack: to be a bother to the neighbours and to the platform.
  it('survives garbage and crowds', async () => {
    for (const bytes of [
      Buffer.alloc(200_000, 0),
      Buffer.from('GET / HTTP/1.1\r\n\r\n'),
      Buffer.from('\xff\xfe\r\n'.repeat(999)),
    ]) {
      const socket = knock()
      socket.write(bytes)
      socket.end()
      await until('its end', () => {
        socket.resume()
        return socket.closed
      })
    }
    const neighbour = { id: site.id + 1, name: 'neighbour.localhost' }
    const crowd = Array.from({ length: 30 }, knock)
    const told: string[] = []
    for (const socket of crowd) socket.on('data', (bytes) => told.push(String(bytes)))
    await until('all of them to be answered', () => told.length === crowd.length)
    expect(told.filter((text) => text.startsWith('421 4.3.2 Too many connections'))).toHaveLength(18)
    await mail.ensure(neighbour)
    const quiet = connect(join(root, 'mail', String(neighbour.id), 'mail.sock'))
    expect(String(await new Promise((resolve) => quiet.once('data', resolve)))).toMatch(/^220 /)
    for (const socket of [...crowd, quiet]) socket.destroy()
    await until('the door to be open again', async () => (await letter('a: b')).at(-2)?.startsWith('250'))
  })
})
