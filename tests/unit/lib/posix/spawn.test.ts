import { once } from 'node:events'
import { setTimeout as delay } from 'node:timers/promises'
import { text } from 'node:stream/consumers'
import { describe, expect, it } from 'vitest'
import { ended, exec, start } from '../../../../src/lib/exec.ts'

describe('a process', () => {
  it('starts with every signal at its default, though Node.js ignores SIGPIPE', async () => {
    const { stdout } = await exec('grep', ['-E', '^Sig(Ign|Blk)', '/proc/self/status'])
    const [blocked, ignored] = stdout.match(/[0-9a-f]{16}/g) ?? []
    expect(blocked).toBe('0000000000000000')
    // 32 and 33 are the C library's own.
    expect(BigInt(`0x${ignored}`) & ~0x180000000n).toBe(0n)
  })

  it('leads a session of its own, and holds no socket but its three', async () => {
    const script = 'cut -d" " -f6 /proc/$$/stat; echo $$; ls -l /proc/$$/fd | grep -c socket:'
    expect((await exec('sh', ['-c', script])).stdout).toMatch(/^(\d+)\n\1\n3\n$/)
  })

  it('runs where it is told', async () => {
    expect((await exec('pwd', [], { cwd: '/usr/bin' })).stdout).toBe('/usr/bin\n')
    await expect(exec('pwd', [], { cwd: '/no/such/directory' })).rejects.toMatchObject({ code: 'ENOENT' })
  })

  it('is not started with an argument that C would cut off', async () => {
    await expect(exec('echo', ['a\0b'])).rejects.toThrow('NUL')
  })

  it('speaks and listens on further descriptors, blocking on its side', async () => {
    const child = start('sh', ['-c', 'read line <&3; echo "heard $line" >&3; sleep 0.1; echo more >&4'], {
      stdio: ['ignore', 'ignore', 'ignore', 'pipe', 'pipe'],
    })
    const [, , , both, last] = child.stdio
    await delay(50)
    both?.write('hello\n')
    expect(await Promise.all([text(both!), text(last!), ended(child)])).toEqual(['heard hello\n', 'more\n', 0])
  })

  it('writes to a descriptor of ours', async () => {
    const child = start('sh', ['-c', 'echo > /dev/null; exec "$0" "$@"', 'true'], { stdio: ['ignore', 'inherit', 2] })
    expect(await ended(child)).toBe(0)
  })

  it('tells which signal ended it, once', async () => {
    const child = start('sleep', ['60'])
    const exits: unknown[] = []
    child.on('exit', (...end) => exits.push(end))
    child.kill('SIGTERM')
    expect(await ended(child)).toBe(143)
    expect(exits).toEqual([[null, 'SIGTERM']])
    expect([child.exitCode, child.signalCode, child.kill()]).toEqual([null, 'SIGTERM', false])
  })

  it('is heard of though many end at once', async () => {
    const statuses = await Promise.all(Array.from({ length: 60 }, (_, index) => exec('sh', ['-c', `exit ${index}`])))
    expect(statuses.map(({ exitCode }) => exitCode)).toEqual(Array.from({ length: 60 }, (_, index) => index))
  })

  it('leaves no descriptor open here, and none when it could not be started', async () => {
    const count = async () => Number((await exec('sh', ['-c', `ls /proc/${process.pid}/fd | wc -l`])).stdout)
    const before = await count()
    const times = 50
    for (let time = 0; time < times; time++) {
      await exec('true', [])
      await exec('/no/such/program', []).catch(() => undefined)
    }
    // Others in this process open some meanwhile.
    expect((await count()) - before).toBeLessThan(times / 2)
  })

  it('hands over a megabyte in each direction', async () => {
    const input = 'x'.repeat(1 << 20)
    expect((await exec('cat', [], { input })).stdout.length).toBe(input.length)
  })

  it('that ends with its output unread is still heard of', async () => {
    const child = start('sh', ['-c', 'echo unread'])
    await once(child, 'close')
    expect(child.exitCode).toBe(0)
  })
})
