// Mail of PHP sites as their owners meet it: by mail(), by sendmail, from nginx and Apache, and what the log says where it fails.
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { Platform } from '../helpers/platform.ts'
import { scratchDirectory } from '../helpers/paths.ts'
import { startRelay, type TestRelay } from '../helpers/relay.ts'
import { until } from '../helpers/until.ts'
import { WorkingCopy } from '../helpers/working-copy.ts'

const page = `<?php
$to = $_GET['to'] ?? null;
if ($to === null) exit('up');
if (isset($_GET['bs'])) {
  $pipes = [];
  $process = proc_open('/usr/sbin/sendmail -bs', [['pipe', 'r'], ['pipe', 'w']], $pipes);
  foreach (['EHLO x', 'MAIL FROM:<me@example.com>', "RCPT TO:<$to>", 'DATA', "Subject: by session\\r\\n\\r\\nbody\\r\\n.", 'QUIT'] as $line) {
    do $answer = fgets($pipes[1]); while ($answer !== false && $answer[3] === '-');
    fwrite($pipes[0], "$line\\r\\n");
  }
  exit($answer);
}
$sent = mail($to, $_GET['subject'] ?? 'Grüße', "one\\n.\\ntwo\\n" . str_repeat('x', (int) ($_GET['size'] ?? 0)), "From: Shop <shop@example.com>\\r\\nBcc: hidden@example.net", '-fboss@bank.example -X/tmp/log.php');
echo $sent ? 'sent' : 'not sent', file_exists('/tmp/log.php') ? ' and a file' : '';`

let platform: Platform
let relay: TestRelay

const ask = async (site: string, query: string) => (await platform.get(site, `/?${query}`)).text
const logOf = async (site: string) => (await platform.admin.ssh(`logs ${site} --source mail`)).stdout

beforeAll(async () => {
  relay = await startRelay(join(await scratchDirectory('relay'), 'relay'))
  platform = await Platform.prepare({ flags: { ...relay.flags, 'mail-per-hour': '6', 'mail-max-mb': '1' } })
  await platform.start()
  const push = async (site: string, tree: Record<string, string>) => {
    const copy = await WorkingCopy.create(platform.admin, site, { 'index.php': page, ...tree })
    // The first PHP site of a machine makes its image, which may take minutes.
    expect((await copy.push(['main'], { timeoutMs: 900_000 })).exitCode).toBe(0)
  }
  await push('shop', {})
  await push('tool', {})
  await push('club', { '.htaccess': 'Redirect 302 /go https://example.org/\n' })
}, 900_000)
afterAll(async () => {
  await platform[Symbol.asyncDispose]()
  await relay[Symbol.asyncDispose]()
})

describe('a PHP site', () => {
  it('sends by mail(), from an envelope of the platform', async () => {
    expect(await ask('shop', 'to=ann@example.org')).toBe('sent')
    const [got] = relay.received
    expect(got).toMatchObject({ from: 'shop@localhost', to: ['ann@example.org', 'hidden@example.net'], tls: true })
    const [header = '', ...body] = got?.text.split('\r\n\r\n') ?? []
    expect(header).toContain('X-Hosting-Site: shop.localhost\r\n')
    expect(header).toContain('From: Shop <shop@example.com>')
    expect(header).toMatch(/^Message-ID: <\S+>$/im)
    expect(header).toMatch(/^Date: /m)
    expect(header).not.toMatch(/hidden|boss/)
    expect(body.join('\r\n\r\n')).toBe('one\r\n.\r\ntwo\r\n\r\n')
    expect(await logOf('shop')).toMatch(/mail sent to a…@example\.org, h…@example\.net <\S+>/)
  })

  it('sends from Apache, and by sendmail -bs, as itself', async () => {
    expect(await ask('club', 'to=bob@example.org')).toBe('sent')
    expect(await ask('club', 'to=bob@example.org&bs=1')).toMatch(/^250 2\.0\.0 Sent <\S+>/)
    const got = relay.received.slice(-2)
    expect(got.map(({ from, to }) => [from, to.at(0)])).toEqual([
      ['club@localhost', 'bob@example.org'],
      ['club@localhost', 'bob@example.org'],
    ])
    for (const { text } of got) expect(text).toContain('X-Hosting-Site: club.localhost\r\n')
  })

  // The attack: a subject or an address from a form, with a header in it.
  it('lets no header in by a form', async () => {
    const before = relay.received.length
    await ask('club', 'to=bob@example.org&subject=hi%0D%0ABcc:%20everybody@example.net%0D%0A%0D%0Aspam')
    expect(relay.received.slice(before).flatMap(({ to }) => to)).not.toContain('everybody@example.net')
    expect(relay.received.at(-1)?.text).not.toMatch(/^Bcc/m)
  })

  it('is told when the relay refuses, and why is in its log', async () => {
    relay.refuse = () => ({ responseCode: 550, message: 'No such user here' })
    expect(await ask('shop', 'to=nobody@example.org')).toBe('not sent')
    relay.refuse = () => undefined
    expect(await logOf('shop')).toContain('The relay refused it')
  })

  it('sends from a program that is run for it, and is told what is too large', async () => {
    const ran = await platform.admin.ssh('run tool -- sendmail bob@example.org', { input: 'Subject: by run\n\nbody\n' })
    expect(ran.exitCode, ran.output).toBe(0)
    expect(relay.received.at(-1)).toMatchObject({ from: 'tool@localhost', to: ['bob@example.org'] })
    expect(await ask('tool', 'to=ann@example.org&size=2000000')).toBe('not sent')
    expect(await logOf('tool')).toContain('not sent to a…@example.org, h…@example.net: The mail is larger than 1 MB')
  })

  it('is told when it has sent too much, and its neighbours go on', async () => {
    expect(await ask('shop', 'to=ann@example.org')).toBe('sent')
    for (let count = 0; count < 5; count++) expect(await ask('shop', 'to=ann@example.org')).toBe('not sent')
    expect((await logOf('shop')).match(/not sent: More than 6 recipients in an hour/g)).toHaveLength(1)
    // sendmail kept quiet about what the log says already.
    expect((await platform.admin.ssh('logs shop --source app')).stdout).not.toContain('recipients in an hour')
    relay.received.length = 0
    expect(await ask('club', 'to=bob@example.org&bs=1')).toMatch(/^250 /)
    expect(relay.received).toHaveLength(1)
  })

  it('has the socket again after the platform was killed, and is told when nobody answers', async () => {
    await platform.kill()
    expect(await ask('club', 'to=bob@example.org')).toBe('not sent')
    await platform.start({ flags: { ...relay.flags, 'mail-relay': '' } })
    expect((await platform.admin.ssh('logs club --source app')).stdout).toContain(
      'cannot connect to /run/mail/mail.sock',
    )
    const told = async () => (await logOf('club')).match(/no mail relay yet: its administrator has to set mail-relay/g)
    await until('the reason', async () => (await ask('club', 'to=bob@example.org')) === 'not sent' && (await told()))
    for (let count = 0; count < 3; count++) expect(await ask('club', 'to=bob@example.org')).toBe('not sent')
    expect(await told()).toHaveLength(1)
  })
})
