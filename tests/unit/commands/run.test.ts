import { PassThrough } from 'node:stream'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { parseWords } from '../../../src/commands/parse.ts'
import { registry } from '../../../src/commands/registry.ts'
import { createPlatform, type Platform, terminal } from './platform.ts'

let platform: Platform
beforeAll(async () => {
  platform = await createPlatform({ runtime: { status: () => Promise.reject(new Error('secret detail')) } })
  await platform.site('demo.localhost', 'root')
})
afterAll(async () => await platform[Symbol.asyncDispose]())

describe('a command line', () => {
  it.each([
    ['sitess', "Unknown command 'sitess'", '(Did you mean sites?)'],
    ['info', "Missing required argument 'site'", '→ info SITE'],
    ['info a b', "Too many arguments for 'info'", '→ help info says more.'],
    ['logs demo --folow', "Unknown option '--folow'", '(Did you mean --follow?)'],
    ['logs demo -n', "Option '-n, --lines <count>' argument missing", 'logs SITE [-f] [-n COUNT]'],
    ['logs demo -n many', '--lines: must be a number', '→ help logs says more.'],
    ['logs demo -n 99999', '--lines: must be at most 10000', ''],
    ['logs demo --source db', '--source: must be web, app, worker, ', ''],
    ['releases demo last', 'NUMBER: must be the number of a release, such as 12', ''],
    ['access:add demo x --role boss', '--role: must be read or write', ''],
    ['help nothing', 'There is no command nothing', '→ help lists all'],
    ['--wrong', "Unknown option '--wrong'", '→ help lists all commands.'],
    ['__proto__', "Unknown command '__proto__'", ''],
  ])('%s', async (words, message, more) => {
    const { code, out, err } = await platform.run(words)
    expect([code, out]).toEqual([2, ''])
    expect(err).toContain(`✗ ${message}`)
    expect(err).toContain(more)
  })

  it('cannot steer the terminal through an error', async () => {
    const { err } = await platform.run('info \u001b[2Jx')
    expect(err).toContain('\\x1b[2Jx')
  })

  it.each([
    'info ..',
    'info test..com',
    'info -x',
    `info ${'a'.repeat(254)}`,
    'create localhost.',
    'info a_b',
    'info $(id)',
  ])('with a bad name: %s', async (words) => {
    const { code, err } = await platform.run(words)
    expect(code).toBe(2)
    expect(err).toMatch(/→/)
  })

  it('takes a short name, capitals, an IDN and .git at the end', async () => {
    for (const name of ['demo', 'DEMO.localhost', 'demo.localhost.git'])
      expect((await platform.run(`info ${name}`)).code).toBe(0)
    expect((await platform.run('info bücher.example')).err).toContain('xn--bcher-kva.example')
  })
})

describe('help', () => {
  it('is what no words, help, --help and -h show, in 80 columns', async () => {
    const { out } = await platform.run('help')
    for (const words of ['', '--help', '-h']) expect(await platform.run(words)).toEqual({ code: 0, out, err: '' })
    for (const { name } of registry) expect(out).toContain(`  ${name}`)
    expect(Math.max(...out.split('\n').map((line) => line.length))).toBeLessThanOrEqual(80)
  })

  it('explains one command however it is asked for, without its arguments', async () => {
    const { out } = await platform.run('help rollback')
    expect(out).toContain('rollback SITE [NUMBER]')
    expect(out).toContain('Who may: those with write access to the site.')
    for (const words of ['rollback --help', 'rollback demo -h']) expect((await platform.run(words)).out).toBe(out)
  })

  it('does not show accounts to those who cannot manage them', async () => {
    expect((await platform.run('help', { as: 'user' })).out).not.toContain('accounts:add')
  })

  it('has examples for every command, each a command line that parses', () => {
    for (const { name, examples } of registry) {
      expect(examples.length, name).toBeGreaterThan(0)
      const parsed = examples.map(
        (example) => parseWords(registry, example.replace(/ [<>] .*/, '').split(' ')).command.name,
      )
      expect(parsed).toEqual(examples.map(() => name))
    }
  })
})

describe('what goes wrong inside', () => {
  it('shows a reference and not the error', async () => {
    await using broken = await createPlatform({
      deployments: { start: () => Promise.reject(new Error('secret detail')) },
    })
    const logged: unknown[] = []
    broken.log.error = (entry: unknown) => logged.push(entry)
    await broken.site('demo.localhost', 'root')
    const { code, err } = await broken.run('start demo')
    expect(code).toBe(1)
    const reference = /\(reference ([0-9a-f]{8})\)/.exec(err)?.[1]
    expect(err).not.toContain('secret')
    expect(logged).toMatchObject([{ reference, account: 'root', command: 'start', err: { message: 'secret detail' } }])
  })

  it('does not hide what still works', async () => {
    await using site = await createPlatform({ runtime: { status: () => Promise.reject(new Error('docker is down')) } })
    const { id } = await site.site('demo.localhost', 'root')
    const release = await site.release(id)
    await site.store.sites.update(id, { live_release_id: release.id, live_instance_id: 'one' })
    const { out } = await site.run('info demo')
    expect(out).toContain('the container engine does not answer')
  })
})

describe('a visitor', () => {
  it('who is gone gets no output, and the command ends', async () => {
    const { code, out } = await platform.run('sites', { gone: AbortSignal.abort() })
    expect([code, out]).toEqual([130, ''])
  })

  it('who closes the channel does not end the daemon', async () => {
    const streams = { stdin: new PassThrough(), stdout: new PassThrough(), stderr: new PassThrough() }
    const account = await platform.account('root', 'admin')
    const running = platform.runner({ account, door: 'ssh', gone: new AbortController().signal, ...streams }, ['sites'])
    streams.stdout.destroy(new Error('EPIPE'))
    expect(await running).toBe(0)
  })

  it('at a terminal sees colours and cut lines, through a pipe neither', async () => {
    await platform.site(`${'long-'.repeat(9)}name.example.org`, 'root')
    const shown = (await platform.run('sites', { terminal: { columns: 60, rows: 24 } })).out
    const piped = (await platform.run('sites')).out
    expect(shown).toContain('\u001b[')
    expect(shown).toContain('…')
    // biome-ignore lint/suspicious/noControlCharactersInRegex: colours are what is taken away
    for (const line of shown.replace(/\u001b\[\d+m/g, '').split('\n')) expect(line.length).toBeLessThanOrEqual(60)
    expect(piped).not.toMatch(/…|\u001b/)
  })

  it('may ask for JSON everywhere', async () => {
    for (const words of [
      'sites',
      'info demo',
      'domains demo',
      'whoami',
      'help',
      'help logs',
      'version',
      'releases demo',
    ]) {
      const { out } = await platform.run(`${words} --json`, { terminal })
      expect(JSON.parse(out), words).toBeTypeOf('object')
    }
  })
})
