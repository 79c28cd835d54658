import { once } from 'node:events'
import { PassThrough } from 'node:stream'
import { describe, expect, it } from 'vitest'
import { HostingError } from '../../../src/errors/hosting-error.ts'
import type { GitCommand } from '../../../src/gateway/git-command.ts'
import { createHandlers } from '../../../src/gateway/handlers.ts'
import type { Request } from '../../../src/gateway/session.ts'
import type { CopyCommand } from '../../../src/gateway/sftp/copy-command.ts'
import { silentLog } from '../../../src/lib/log.ts'
import { ada, visitBy } from './visitor.ts'

function handlersThat(run: (request: Request, words: readonly string[]) => Promise<number> | number = () => 0) {
  const ran: (readonly string[])[] = []
  const served: GitCommand[] = []
  const copied: CopyCommand[] = []
  const handlers = createHandlers({
    log: silentLog,
    async runCommand(request, words) {
      ran.push(words)
      return await run(request, words)
    },
    lfs: (_request, words) => Promise.resolve(words.length),
    async git(_request, command) {
      served.push(command)
      return 128
    },
    copy(_request, command) {
      copied.push(command)
      return Promise.resolve(0)
    },
    troubles: () => Promise.resolve([]),
  })
  return { handlers, ran, served, copied }
}

describe('exec', () => {
  it.each([
    [`git-receive-pack '/demo.localhost'`, { service: 'git-receive-pack', site: '/demo.localhost' }],
    [`git receive-pack demo.git`, { service: 'git-receive-pack', site: 'demo.git' }],
    [`git-upload-pack '~/demo'`, { service: 'git-upload-pack', site: '~/demo' }],
    [`git upload-archive '$(id)'`, { service: 'git-upload-archive', site: '$(id)' }],
  ])('gives %s to the git door', async (line, command) => {
    const { handlers, served, ran } = handlersThat()
    expect(await handlers.exec(visitBy(ada).request, line)).toBe(128)
    expect(served).toEqual([command])
    expect(ran).toEqual([])
  })

  it('gives everything else to the registry, with its exit status', async () => {
    const { handlers, ran } = handlersThat(() => 7)
    expect(await handlers.exec(visitBy(ada).request, `git-shell -c 'x y'`)).toBe(7)
    expect(ran).toEqual([['git-shell', '-c', 'x y']])
  })

  it.each(['git-receive-pack', 'git-upload-pack a b', `git-upload-pack --strict demo`, `info 'demo`, 'info de\0mo'])(
    'refuses %j as a mistake in usage',
    async (line) => {
      const { handlers, ran, served } = handlersThat()
      const visit = visitBy(ada)
      expect(await handlers.exec(visit.request, line)).toBe(2)
      expect(visit.stderr()).toContain('✗')
      expect([ran, served]).toEqual([[], []])
    },
  )

  it.each([
    ['scp -t /', 'scp'],
    ['/usr/lib/openssh/sftp-server', 'SFTP'],
    ['rsync --server -e. . /', 'rsync'],
  ])('gives %j, a copy program, to the door of SFTP', async (line, name) => {
    const { handlers, ran, copied } = handlersThat()
    expect(await handlers.exec(visitBy(ada).request, line)).toBe(0)
    expect(copied).toMatchObject([{ name }])
    expect(ran).toEqual([])
  })

  it('shows an error of ours with its hint and its status', async () => {
    const { handlers } = handlersThat(() => {
      throw new HostingError('forbidden', 'Not yours', { hint: 'sites' })
    })
    const visit = visitBy(ada)
    expect(await handlers.exec(visit.request, 'info demo')).toBe(4)
    expect(visit.stderr()).toBe('✗ Not yours\n  → sites\n')
  })

  it('shows an unexpected error as a reference only', async () => {
    const { handlers } = handlersThat(() => {
      throw new Error('secret path /root')
    })
    const visit = visitBy(ada)
    expect(await handlers.exec(visit.request, 'info demo')).toBe(1)
    expect(visit.stderr()).toMatch(/reference [0-9a-f]{8}/)
    expect(visit.stderr()).not.toContain('secret')
  })
})

describe('subsystem', () => {
  it('sftp goes to its door, any other is refused', async () => {
    const { handlers, copied } = handlersThat()
    expect(await handlers.subsystem(visitBy(ada).request, 'sftp')).toBe(0)
    expect(copied).toEqual([{ name: 'SFTP', args: [] }])
    const visit = visitBy(ada)
    expect(await handlers.subsystem(visit.request, 'netconf')).toBe(1)
    expect(visit.stderr()).toContain('There is no subsystem netconf')
  })
})

describe('shell', () => {
  it('without a terminal says who you are and what you can do, and ends', async () => {
    const { handlers, ran } = handlersThat()
    expect(await handlers.shell(visitBy(ada).request)).toBe(0)
    expect(ran).toEqual([['whoami'], ['help']])
  })

  it('at a terminal runs lines until Ctrl-D, each command with the input that follows it', async () => {
    const stdin = new PassThrough()
    const { handlers, ran } = handlersThat(async (request, [name]) => {
      if (name !== 'keys:add') return 0
      const given = await new Promise<Buffer>((resolve) => request.stdin.once('data', resolve))
      ran.push([given.toString()])
      return 0
    })
    const visit = visitBy(ada, { stdin, terminal: { columns: 80, rows: 24 } })
    const ended = handlers.shell(visit.request)
    await typed(stdin, () => visit.stdout().split('hosting> ').length === 2, `info 'a b'\r`)
    await typed(stdin, () => visit.stdout().split('hosting> ').length === 3, 'keys:add\r')
    await typed(stdin, () => ran.at(-1)?.[0] === 'keys:add', 'KEY\r')
    await typed(stdin, () => visit.stdout().split('hosting> ').length === 4, '\x04')
    expect(await ended).toBe(0)
    expect(ran.slice(2)).toEqual([['info', 'a b'], ['keys:add'], ['KEY\n']])
  })

  it('at a terminal lets Ctrl-C end a command without ending the session', async () => {
    const stdin = new PassThrough()
    const { handlers, ran } = handlersThat(async ({ gone }, [name]) => {
      if (name === 'logs') await new Promise((resolve) => gone.addEventListener('abort', resolve))
      return 0
    })
    const visit = visitBy(ada, { stdin, terminal: { columns: 80, rows: 24 } })
    const ended = handlers.shell(visit.request)
    await typed(stdin, () => visit.stdout().includes('hosting> '), 'logs -f\r')
    await typed(stdin, () => ran.at(-1)?.[0] === 'logs', '\x03')
    await typed(stdin, () => visit.stdout().split('hosting> ').length === 3, 'exit\r')
    expect(await ended).toBe(0)
  })

  it('at a terminal gives a command that asks for them all keys, Ctrl-C among them', async () => {
    const stdin = new PassThrough()
    const { handlers, ran } = handlersThat(async (request, [name]) => {
      if (name !== 'shell') return 0
      request.takeKeys?.()
      const given = once(request.stdin, 'data')
      ran.push(['taken'])
      ran.push([String((await given)[0])])
      return 0
    })
    const visit = visitBy(ada, { stdin, terminal: { columns: 80, rows: 24 } })
    const ended = handlers.shell(visit.request)
    await typed(stdin, () => visit.stdout().includes('hosting> '), 'shell demo\r')
    await typed(stdin, () => ran.at(-1)?.[0] === 'taken', 'a\r\x03\x04')
    await typed(stdin, () => visit.stdout().split('hosting> ').length === 3, 'exit\r')
    expect(await ended).toBe(0)
    expect(ran.at(-1)).toEqual(['a\r\x03\x04'])
  })

  it('at a terminal ends when the client leaves', async () => {
    const visit = visitBy(ada, { terminal: { columns: 80, rows: 24 } })
    const ended = handlersThat().handlers.shell(visit.request)
    visit.leave()
    expect(await ended).toBe(0)
  })
})

async function typed(stdin: PassThrough, ready: () => boolean, keys: string): Promise<void> {
  await expect.poll(ready, { interval: 5, timeout: 3000 }).toBe(true)
  stdin.write(keys)
}
