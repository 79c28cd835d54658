// The hooks by themselves, as receive-pack starts them: what they do when the daemon is gone, or has much to say.
import { once } from 'node:events'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import type { Socket } from 'node:net'
import { describe, expect, it } from 'vitest'
import { ended, start } from '../../../src/lib/exec.ts'

const hooks = join(import.meta.dirname, '../../../hooks')
const update = `${'0'.repeat(40)} ${'a'.repeat(40)} refs/heads/main`

function startHook(name: string) {
  const env = { GIT_QUARANTINE_PATH: '/home/repos/a.git/./objects/tmp_objdir-incoming-Ab12Cd' }
  const child = start(join(hooks, name), [], { env, stdio: ['pipe', 'pipe', 'pipe', 'pipe', 'pipe', 'pipe'] })
  const [ask, verdict, post] = child.stdio.slice(3) as Socket[]
  for (const socket of [ask, verdict, post]) socket!.on('error', () => undefined)
  child.stdin!.on('error', () => undefined).end(`${update}\n`)
  child.stdout!.resume()
  verdict!.resume()
  return { child, ask: ask!, verdict: verdict!, post: post!, stderr: text(child.stderr!), exit: ended(child) }
}

describe('pre-receive', () => {
  it('says what is pushed, prints what comes and obeys the verdict', async () => {
    const { ask, verdict, post, stderr, exit } = startHook('pre-receive')
    const [said] = (await once(ask, 'data')) as [Buffer]
    post.destroy()
    ask.end('building\n')
    verdict.end('accept\n')
    expect(await exit).toBe(0)
    expect(said.toString()).toMatch(/^quarantine tmp_objdir-incoming-Ab12Cd\n/)
    expect(await stderr).toBe('building\n')
  })

  it('refuses a push that the daemon refuses', async () => {
    const { ask, verdict, post, exit } = startHook('pre-receive')
    ask.resume().end()
    verdict.end('refuse\n')
    post.destroy()
    expect(await exit).toBe(1)
  })

  it.each(['', 'acc', 'accepted\n', 'accept'])('refuses when the daemon dies after saying %j', async (verdictSoFar) => {
    const { ask, verdict, post, stderr, exit } = startHook('pre-receive')
    ask.resume().end('half a line')
    verdict.end(verdictSoFar)
    post.destroy()
    // Only a line that has its end is a verdict.
    expect(await exit).toBe(1)
    expect(await stderr).toContain('nothing was changed')
  })

  it('refuses when the daemon is gone before it asks', async () => {
    const { ask, verdict, post, stderr, exit } = startHook('pre-receive')
    for (const socket of [ask, verdict, post]) socket.destroy()
    expect(await exit).toBe(1)
    expect(await stderr).toContain('Push again when it is back')
  })

  it('prints a log of 2 MB whole', async () => {
    const { ask, verdict, post, stderr, exit } = startHook('pre-receive')
    const log = `${'x'.repeat(63)}\n`.repeat(32_768)
    ask.resume().end(log)
    verdict.end('accept\n')
    post.destroy()
    expect(await exit).toBe(0)
    expect((await stderr).length).toBe(log.length)
  })
})

describe('post-receive', () => {
  it('prints until the daemon is done, and never fails', async () => {
    const { ask, post, verdict, stderr, exit } = startHook('post-receive')
    ask.destroy()
    verdict.destroy()
    const [said] = (await once(post, 'data')) as [Buffer]
    expect(said.toString()).toContain(update)
    post.end('live\n')
    expect(await exit).toBe(0)
    expect(await stderr).toBe('live\n')
  })

  it('does not mind a daemon that is gone', async () => {
    const { ask, post, verdict, exit } = startHook('post-receive')
    for (const socket of [ask, verdict, post]) socket.destroy()
    expect(await exit).toBe(0)
  })
})
