// Logging in by SSH with a password or a token, as OpenSSH's client does it, and what happens to who guesses.
import { chmod, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { systemClock } from '../../src/lib/clock.ts'
import { openStore } from '../../src/store/store.ts'
import { Conversation } from '../helpers/conversation.ts'
import { HttpsPerson } from '../helpers/https-person.ts'
import type { Person } from '../helpers/person.ts'
import { type Platform, startPlatform } from '../helpers/platform.ts'
import { type Ran, run } from '../helpers/session.ts'
import { until } from '../helpers/until.ts'

const password = 'four words in a row'
let platform: Platform
let ann: Person

beforeAll(async () => {
  platform = await startPlatform()
  ann = await platform.addPerson('ann')
})
afterAll(async () => await platform[Symbol.asyncDispose]())

/** What a client without a key is told: options, and an environment that types the secret. */
async function client(
  secret: string,
  { method = 'password', prompts = '1', note = '/dev/null' } = {},
): Promise<{ args: string[]; env: Record<string, string> }> {
  const program = join(platform.directory, 'askpass')
  await writeFile(program, '#!/bin/sh\nprintf x >> "$NOTE"\nprintf "%s\\n" "$SECRET"\n')
  await chmod(program, 0o755)
  const options = {
    ...{ PubkeyAuthentication: 'no', PreferredAuthentications: method, NumberOfPasswordPrompts: prompts },
    ...{
      UserKnownHostsFile: join(platform.directory, 'known'),
      StrictHostKeyChecking: 'accept-new',
      LogLevel: 'INFO',
    },
  }
  const settings = Object.entries(options).flatMap(([key, value]) => ['-o', `${key}=${value}`])
  return {
    args: ['-F', '/dev/null', ...settings, '-o', `Port=${platform.sshPort}`],
    env: { SSH_ASKPASS: program, SSH_ASKPASS_REQUIRE: 'force', SECRET: secret, NOTE: note, HOME: platform.directory },
  }
}

/** Types `ssh NAME@host COMMAND` and the secret. */
async function ssh(
  name: string,
  secret: string,
  { command = 'whoami', ...how }: { command?: string; method?: string; prompts?: string; note?: string } = {},
): Promise<Ran> {
  const { args, env } = await client(secret, how)
  return await run('ssh', [...args, `${name}@127.0.0.1`, command], { env, input: '' })
}

/** Types a batch of sftp's. */
async function sftp(secret: string, ...lines: readonly string[]): Promise<Ran> {
  const { args, env } = await client(secret)
  // -b asks for no password, which is what it is for; the option after it wins no more.
  const batch = ['-o', 'BatchMode=no', '-b', '-']
  return await run('sftp', [...args, ...batch, 'x@127.0.0.1'], { env, input: `${lines.join('\n')}\n` })
}

describe('a password', () => {
  it('does not let anybody in who has none', async () => {
    for (const [name, secret] of [
      ['ann', ''],
      ['ann', password],
      ['nobody', password],
      ['git', ''],
    ])
      expect((await ssh(name!, secret!)).exitCode).toBe(255)
    await platform.admin.ssh('logins:unblock 127.0.0.1')
  })

  it('is set over SSH, and lets its account do what its key does', async () => {
    expect((await ann.ssh('password', { input: `${password}\n` })).exitCode).toBe(0)
    for (const method of ['password', 'keyboard-interactive'] as const) {
      const came = await ssh('ann', password, { method, command: 'whoami --json' })
      expect(JSON.parse(came.stdout)).toMatchObject({ account: 'ann', door: 'ssh', key: null })
    }
    expect((await ssh('ann', password, { command: 'create by-password' })).exitCode).toBe(0)
    expect((await ssh('ann', password, { command: 'accounts' })).exitCode).toBe(4)
  })

  it('is asked for at a terminal, where nobody sees it', async () => {
    await using conversation = ann.open('password', ['-tt'])
    await conversation.says('New password: ')
    conversation.type(`${password} two\r`)
    await conversation.says('again: ')
    conversation.type(`${password} two\r`)
    await conversation.says('has a new password')
    expect(conversation.output).not.toContain(password)
    expect((await ssh('ann', password)).exitCode).toBe(255)
    expect((await ssh('ann', `${password} two`)).exitCode).toBe(0)
    await ann.ssh('password', { input: password })
  })

  it('counts no more once it is gone', async () => {
    await platform.addPerson('ben')
    await platform.admin.ssh('password --account ben', { input: password })
    expect((await ssh('ben', password)).exitCode).toBe(0)
    await platform.admin.ssh('password --account ben --remove')
    expect((await ssh('ben', password)).exitCode).toBe(255)
  })
})

describe('whoever is in', () => {
  // The attack: who has a stolen password, or was let go, stays connected.
  it.each(['password --account ben --remove', 'accounts:remove ben'])('is thrown out by %s', async (end) => {
    await platform.admin.ssh('password --account ben', { input: password })
    await platform.admin.ssh('access:add by-password ben --role read')
    const { args, env } = await client(password)
    await using following = new Conversation('ssh', [...args, 'ben@127.0.0.1', 'logs -f by-password'], env)
    await using prompt = new Conversation('ssh', [...args, '-tt', 'ben@127.0.0.1'], env)
    await prompt.says('hosting> ')
    expect((await platform.admin.ssh(end)).exitCode).toBe(0)
    expect(await following.ended()).not.toBe(0)
    expect(await prompt.ended()).not.toBe(0)
  })
})

describe('a token', () => {
  it('is for sources only, whatever the door', async () => {
    const { secret } = (await ann.json('tokens:add --site by-password')) as { secret: string }
    expect((await ssh('git', secret, { command: 'info by-password' })).exitCode).toBe(0)
    await ann.ssh('create not-for-it')
    expect((await ssh('git', secret, { command: 'whoami' })).stdout).toMatch(/with the token [0-9a-f]{8}/)
    const seen = (await ssh('git', secret, { command: 'sites --json' })).stdout
    expect(JSON.parse(seen)).toMatchObject([{ name: 'by-password.localhost' }])
    for (const command of ['keys:add x', 'tokens:add', 'password', 'destroy by-password', 'create more'])
      expect({ command, code: (await ssh('git', secret, { command })).exitCode }).toEqual({ command, code: 4 })
    expect((await ssh('git', secret, { command: 'git-receive-pack by-password' })).exitCode).toBe(4)
  })
})

describe('SFTP by a token', () => {
  const tokenFor = async (words: string) => (await ann.json(`tokens:add ${words}`)) as { id: string; secret: string }

  it('shows the sites that it is for, and lets nothing be written that it may only read', async () => {
    await ann.ssh('create hidden')
    await writeFile(join(platform.directory, 'page.html'), 'by a token')
    const put = `put ${platform.directory}/page.html by-password.localhost/page.html`
    const reader = await tokenFor('--site by-password')
    const listed = await sftp(reader.secret, 'ls -1')
    expect([listed.exitCode, listed.stdout]).toEqual([0, expect.stringContaining('by-password.localhost')])
    expect(listed.stdout).not.toContain('hidden')
    expect((await sftp(reader.secret, put)).exitCode).not.toBe(0)
    const writer = await tokenFor('--site by-password --write')
    expect((await sftp(writer.secret, put)).exitCode).toBe(0)
    await until('it to be live', async () => (await platform.get('by-password', '/page.html')).status === 200)
    for (const site of ['hidden', 'brand-new'])
      expect((await ssh('git', writer.secret, { command: `git-receive-pack ${site}` })).exitCode).not.toBe(0)
  })

  // The attack: who holds a stolen token keeps its session open when it is taken away.
  it('ends when the token is taken away', async () => {
    const { id, secret } = await tokenFor('--site by-password')
    const { args, env } = await client(secret)
    await using session = new Conversation('ssh', [...args, '-s', 'x@127.0.0.1', 'sftp'], env)
    // SSH_FXP_INIT of version 3, which the server answers.
    session.type('\0\0\0\x05\x01\0\0\0\x03')
    await session.says('posix-rename')
    await ann.ssh(`tokens:remove ${id}`)
    expect(await session.ended()).not.toBe(0)
  })
})

/** A block may end before a slow machine has started the platform again. */
async function prolong(name: string): Promise<void> {
  const store = await openStore(platform.home.database, systemClock)
  const row = (await store.loginFailures.list()).find((each) => each.name === name)
  expect(Date.parse(row?.blocked_until ?? '') - Date.parse(row?.last_at ?? '')).toBe(60_000)
  await store.loginFailures.put({ ...row!, blocked_until: new Date(Date.now() + 3_600_000).toISOString() })
  await store.close()
}

describe('guessing', () => {
  it('on one connection ends after six', async () => {
    const tried = join(platform.directory, 'tried')
    const refused = await ssh('nobody', 'guess', { prompts: '20', note: tried })
    expect(refused.exitCode).toBe(255)
    expect((await readFile(tried, 'utf8')).length).toBeLessThanOrEqual(7)
    await platform.admin.ssh('logins:unblock nobody')
    await platform.admin.ssh('logins:unblock 127.0.0.1')
  })

  it('blocks the account at every door, across a restart, until an admin ends it', async () => {
    await platform.addPerson('eve')
    await platform.admin.ssh('password --account eve', { input: password })
    const eve = new HttpsPerson(platform, { name: 'eve', secret: password })
    const guesses = []
    // The attack: each guess says that it comes from elsewhere.
    const lies = ['X-Real-IP', 'X-Forwarded-For', 'Client-IP'].flatMap((name) => ['-H', `${name}: 203.0.113.9`])
    for (let at = 0; at < 12; at++) guesses.push((await eve.curl('/x', ['-u', `eve:guess ${at}`, ...lies])).status)
    expect(guesses).toContain(401)
    expect(guesses.at(-1)).toBe(429)
    const told = await ssh('eve', password, { method: 'keyboard-interactive' })
    expect([told.exitCode, told.stderr]).toEqual([
      255,
      expect.stringContaining('Too many wrong passwords. Try again in '),
    ])
    expect((await ann.ssh('whoami')).exitCode).toBe(0)
    const shown = (await platform.admin.json('logins')) as { name: string; blockedUntil: string | null }[]
    expect(shown.find(({ name }) => name === 'eve')).toMatchObject({
      failures: 10,
      lastDoor: 'https',
      lastAddress: '127.0.0.1',
    })
    await platform.stop()
    await prolong('eve')
    await platform.start()
    expect(await eve.curl('/x', eve.basic)).toMatchObject({ status: 429 })
    expect((await platform.admin.ssh('logins:unblock eve')).exitCode).toBe(0)
    await platform.admin.ssh('logins:unblock 127.0.0.1')
    expect(await eve.curl('/x', eve.basic)).toMatchObject({ status: 404 })
  })
})

describe('ssh-passwords = false', () => {
  it('leaves keys only', async () => {
    await platform.stop()
    await platform.start({ flags: { 'ssh-passwords': 'false' } })
    const refused = await ssh('ann', password)
    expect(refused.stderr).toContain('(publickey)')
    expect((await ann.ssh('whoami')).exitCode).toBe(0)
  })
})
