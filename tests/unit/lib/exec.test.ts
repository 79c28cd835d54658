import { setTimeout as delay } from 'node:timers/promises'
import { describe, expect, it } from 'vitest'
import { exec, execOk, exitStatus, killGroup, start } from '../../../src/lib/exec.ts'

const node = (code: string) => ['-e', code]

describe('exec', () => {
  it('passes arguments as they are, and no environment', async () => {
    process.env['HOSTING_TEST_SECRET'] = 'secret'
    const args = ['$(id)', 'a b', '*', '"', '']
    const { exitCode, stdout } = await exec('printf', ['[%s]', ...args])
    expect([exitCode, stdout]).toEqual([0, '[$(id)][a b][*]["][]'])
    const { stdout: env } = await exec('env', [], { env: { OWN: '1' } })
    expect(
      env
        .trim()
        .split('\n')
        .map((line) => line.split('=')[0])
        .sort(),
    ).toEqual(['HOME', 'LANG', 'OWN', 'PATH'])
    delete process.env['HOSTING_TEST_SECRET']
  })

  it('hands over its input and both outputs, and never throws for a status', async () => {
    const result = await exec('sh', ['-c', 'cat; echo bad >&2; exit 3'], { input: 'in' })
    expect(result).toEqual({ exitCode: 3, stdout: 'in', stderr: 'bad\n' })
  })

  it('keeps at most so many bytes', async () => {
    const { stdout } = await exec('head', ['-c', '1000000', '/dev/zero'], { maxBytes: 10 })
    expect(stdout.length).toBe(10)
  })

  it('ends the whole group at the time limit, a grandchild that holds the output included', async () => {
    const begun = Date.now()
    const { exitCode } = await exec('sh', ['-c', 'sleep 60 & wait'], { timeoutMs: 50 })
    expect(exitCode).toBe(137)
    expect(Date.now() - begun).toBeLessThan(5000)
  })

  it('ends with the signal, and does not begin after it', async () => {
    const abort = new AbortController()
    const running = exec('sleep', ['60'], { signal: abort.signal })
    abort.abort(new Error('enough'))
    await expect(running).rejects.toThrow('enough')
    await expect(exec('sleep', ['60'], { signal: abort.signal })).rejects.toThrow('enough')
  })

  it('says which program is missing', async () => {
    await expect(exec('/no/such/program', [])).rejects.toMatchObject({ code: 'ENOENT' })
  })

  it('survives a child that does not read its input', async () => {
    expect((await exec('true', [], { input: 'x'.repeat(1_000_000) })).exitCode).toBe(0)
  })
})

describe('execOk', () => {
  it('returns the output, or throws what was said', async () => {
    expect(await execOk('echo', ['hello'])).toBe('hello\n')
    await expect(execOk('sh', ['-c', 'echo why >&2; exit 4'])).rejects.toThrow(/^sh -c .* ended with 4: why$/)
  })
})

describe('a started child', () => {
  it('is a group of its own, which may be gone already', async () => {
    const child = start(process.execPath, node('setInterval(() => {}, 1000)'))
    await delay(10)
    killGroup(child.pid, 'SIGTERM')
    const ended = await new Promise((resolve) =>
      child.once('close', (code, signal) => resolve(exitStatus(code, signal))),
    )
    expect(ended).toBe(143)
    expect(() => killGroup(child.pid)).not.toThrow()
    expect(() => killGroup(undefined)).not.toThrow()
  })
})
