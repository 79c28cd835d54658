// The SSH gateway and the local door, used as people use them: with OpenSSH's client and the `hosting` command.
import { once } from 'node:events'
import { createHash, randomBytes } from 'node:crypto'
import { stat } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { ended, start } from '../../src/lib/exec.ts'
import { Gateway, type KeyKind } from '../helpers/gateway.ts'
import { projectRoot } from '../helpers/paths.ts'
import { run, runOk } from '../helpers/session.ts'
import { until } from '../helpers/until.ts'

const megabyte = 1024 * 1024
let gateway: Gateway

beforeAll(async () => {
  gateway = await Gateway.start()
})

afterAll(async () => {
  await gateway[Symbol.asyncDispose]()
})

describe('logging in', () => {
  it.each<[KeyKind, string]>([
    ['ed25519', 'git'],
    ['rsa', 'root'],
    ['ecdsa', 'anything at all'],
  ])('works with a known %s key, whatever the user name (%s)', async (key, user) => {
    const { stdout } = await gateway.ssh('show', { key, user })
    const { stdout: listed } = await runOk('ssh-keygen', ['-l', '-f', gateway.keyFile(key)])
    expect(JSON.parse(stdout)).toMatchObject({ account: 'ada', fingerprint: listed.split(' ')[1] })
  })

  it('is refused with an unknown key, and with no key', async () => {
    expect(await gateway.ssh('show', { key: 'unknown' })).toMatchObject({ exitCode: 255, stdout: '' })
    const withoutKey = await gateway.ssh('show', { flags: ['-o', 'PubkeyAuthentication=no'] })
    expect(withoutKey.stderr).toContain('Permission denied (publickey,keyboard-interactive,password)')
  })

  it('with an RSA key is refused when the client signs with SHA-1', async () => {
    const { exitCode } = await gateway.ssh('show', { key: 'rsa', flags: ['-o', 'PubkeyAcceptedAlgorithms=ssh-rsa'] })
    expect(exitCode).toBe(255)
  })

  it('works over IPv6 too', async () => {
    const args = gateway.args().slice(0, -1)
    expect((await run('ssh', [...args, 'git@::1', 'exit 9'])).exitCode).toBe(9)
  })

  // The attack: a connection kept open keeps its rights after the key was removed.
  it('counts for a command only as long as the key is there', async () => {
    await using other = await Gateway.start()
    await using shared = await SharedConnection.open(other)
    expect((await shared.ssh('exit 0')).exitCode).toBe(0)
    expect((await shared.ssh('forget')).exitCode).toBe(0)
    expect(await shared.ssh('exit 0')).toMatchObject({
      exitCode: 4,
      stderr: expect.stringContaining('removed') as string,
    })
  })
})

describe('a command', () => {
  it.each([0, 1, 42, 255])('ends with its exit status %d', async (status) => {
    expect((await gateway.ssh(`exit ${status}`)).exitCode).toBe(status)
  })

  it('gets its words as typed, and the protocol that git asks for, but no other variable', async () => {
    const flags = ['-o', 'SetEnv=GIT_PROTOCOL=version=2', '-o', 'SendEnv=LANG']
    expect(JSON.parse((await gateway.ssh(`show 'a b' '$HOME'`, { flags })).stdout)).toMatchObject({
      words: ['a b', '$HOME'],
      gitProtocol: 'version=2',
    })
  })

  // The attack: GIT_PROTOCOL reaches git's environment.
  it.each(['version=2 x', '1', 'version=2:$(id)', `version=2:${'a'.repeat(300)}`])(
    'does not get GIT_PROTOCOL=%s',
    async (value) => {
      const { stdout } = await gateway.ssh('show', { flags: ['-o', `SetEnv=GIT_PROTOCOL="${value}"`] })
      expect(JSON.parse(stdout)).not.toHaveProperty('gitProtocol')
    },
  )

  it('gives back every byte of its input', async () => {
    const input = randomBytes(5 * megabyte)
    const child = start('ssh', [...gateway.args(), 'cat'])
    const hash = createHash('sha256')
    child.stdout?.on('data', (chunk: Buffer) => hash.update(chunk))
    child.stdin?.end(input)
    expect(await ended(child)).toBe(0)
    expect(hash.digest('hex')).toBe(createHash('sha256').update(input).digest('hex'))
  })

  // ssh2 1.17 sends a piece of the one a second time when both have waited for the window.
  it('sends standard output and error side by side, nothing twice and nothing lost', async () => {
    const { stdout, stderr } = await gateway.ssh(`both ${8 * megabyte}`, { maxBytes: 64 * megabyte })
    expect(stdout).toBe('o'.repeat(16 * megabyte))
    expect(stderr).toBe('e'.repeat(16 * megabyte))
  })

  it('that fails unexpectedly ends with 1 and takes nothing else along', async () => {
    expect((await gateway.ssh('throw')).exitCode).toBe(1)
    expect((await gateway.ssh('exit 0')).exitCode).toBe(0)
  })

  it('learns when its client is gone', async () => {
    const child = start('ssh', [...gateway.args(), 'sleep 60'])
    await once(child.stdout!, 'data')
    child.kill('SIGKILL')
    await until('the end of the request', () => gateway.log.includes('"command":"sleep","gone":true'))
  })
})

describe('a terminal', () => {
  const flags = ['-tt']

  it('has its size taken over and its lines ended as it needs them', async () => {
    const { stdout } = await gateway.ssh('show', { flags })
    expect(stdout.endsWith('}\r\n')).toBe(true)
    expect(JSON.parse(stdout)).toMatchObject({ terminal: { columns: 80, rows: 24 } })
  })

  it('interrupts a command by Ctrl-C, which still tells its end', async () => {
    const child = start('ssh', [...gateway.args({ flags }), 'sleep 60'])
    let shown = ''
    child.stdout?.on('data', (chunk: Buffer) => (shown += chunk.toString()))
    await until('the command', () => shown === 'sleeping\r\n')
    child.stdin?.write('\x03')
    expect(await ended(child)).toBe(130)
    expect(shown).toBe('sleeping\r\ninterrupted\r\n')
  })

  it('ends the input by Ctrl-D and sends Return as a line feed', async () => {
    const { stdout } = await gateway.ssh('cat', { flags, input: 'one\rtwo\r\x04' })
    expect(stdout).toBe('one\r\ntwo\r\n')
  })
})

describe('what else a client may ask for', () => {
  it('a login without a command and a subsystem reach their handlers', async () => {
    expect(await gateway.ssh('')).toMatchObject({ exitCode: 0, stdout: 'welcome\n' })
    expect(await gateway.ssh('sftp', { flags: ['-s'] })).toMatchObject({ exitCode: 1, stderr: 'no sftp\n' })
  })

  it('X11, the agent and forwarded ports are refused', async () => {
    const flags = ['-v', '-o', 'LogLevel=DEBUG1', '-A', '-o', 'ExitOnForwardFailure=yes']
    expect((await gateway.ssh('exit 0', { flags: [...flags, '-R', '0:127.0.0.1:1'] })).stderr).toContain(
      'forwarding failed',
    )
    const through = await run('ssh', [...gateway.args({ flags: ['-W', `127.0.0.1:${gateway.port}`] })], { input: '' })
    expect(through.stderr).toContain('forwarding failed')
  })

  it('twenty commands at once share one connection', async () => {
    await using shared = await SharedConnection.open(gateway)
    const commands = Array.from({ length: 20 }, (_, number) => shared.ssh(`exit ${number}`))
    const statuses = (await Promise.all(commands)).map(({ exitCode }) => exitCode)
    expect(statuses).toEqual(Array.from({ length: 20 }, (_, number) => number))
  })
})

describe('the host keys', () => {
  it('are made once, for this server alone, in the format of OpenSSH', async () => {
    const first = await Gateway.start()
    try {
      const keys = async () => {
        const files = ['ssh_host_ed25519_key', 'ssh_host_rsa_key'].map((name) => join(first.home, 'keys', name))
        for (const file of files) expect((await stat(file)).mode & 0o777).toBe(0o600)
        const shown = await Promise.all(files.map((file) => runOk('ssh-keygen', ['-y', '-f', file])))
        return shown.map(({ stdout }) => stdout)
      }
      const made = await keys()
      expect(made).toEqual([expect.stringMatching(/^ssh-ed25519 /), expect.stringMatching(/^ssh-rsa /)])
      expect(await first.stop()).toBe(0)
      await using second = await Gateway.start({}, first.directory)
      expect(await keys()).toEqual(made)
      expect((await second.ssh('exit 3')).exitCode).toBe(3)
    } finally {
      await first[Symbol.asyncDispose]()
    }
  })
})

describe('the algorithms', () => {
  it('give ssh-audit nothing to fail, and nothing to warn of but what older libssh2 needs', async () => {
    const { stdout } = await run('ssh-audit', ['-n', '-l', 'warn', '-p', String(gateway.port), '127.0.0.1'])
    expect(stdout).toContain('hmac-sha2-256')
    expect(stdout).not.toContain('[fail]')
    const warned = [...stdout.matchAll(/\((?:kex|key|enc|mac)\) (\S+).*\[warn\]/g)].map(([, name]) => name)
    // Debian 12's ssh-audit is older than strict key exchange and doesn't know its name.
    expect(warned.filter((name) => name !== 'kex-strict-s-v00@openssh.com')).toEqual(['hmac-sha2-256'])
  })

  it.each(['aes128-gcm@openssh.com', 'chacha20-poly1305@openssh.com', 'aes256-ctr'])('work with %s', async (cipher) => {
    const flags = ['-c', cipher, '-m', 'hmac-sha2-512-etm@openssh.com,hmac-sha2-256']
    expect((await gateway.ssh('exit 5', { flags })).exitCode).toBe(5)
  })

  it.each(['rsa-sha2-512', 'rsa-sha2-256', 'ssh-ed25519'])(
    'prove the server with a host key of %s',
    async (algorithm) => {
      expect((await gateway.ssh('exit 5', { flags: ['-o', `HostKeyAlgorithms=${algorithm}`] })).exitCode).toBe(5)
    },
  )

  it('leave out SHA-1 in host keys', async () => {
    const { stderr } = await gateway.ssh('exit 5', {
      flags: ['-o', 'HostKeyAlgorithms=ssh-rsa', '-o', 'LogLevel=INFO'],
    })
    expect(stderr).toContain('no matching host key type')
  })

  it('work after a change of keys in the middle', async () => {
    const { stdout, exitCode } = await gateway.ssh(`both ${2 * megabyte}`, {
      flags: ['-o', 'RekeyLimit=1M'],
      maxBytes: 64 * megabyte,
    })
    expect(exitCode).toBe(0)
    expect(stdout.length).toBe(4 * megabyte)
  })
})

describe('memory', () => {
  it('grows by less than 64 MB with 500 MB sent and 500 MB received', async () => {
    await using fresh = await Gateway.start()
    await fresh.ssh('show')
    const before = await fresh.memory()
    const bytes = 500 * megabyte
    expect((await fresh.ssh(`zeros ${bytes}`, { maxBytes: 0 })).exitCode).toBe(0)
    const args = fresh.args().map((arg) => `'${arg}'`)
    const upload = await run('bash', ['-c', `head -c ${bytes} /dev/zero | ssh ${args.join(' ')} count`])
    expect(upload.stdout).toBe(`${bytes}\n`)
    expect((await fresh.memory()).peak - before.peak).toBeLessThan(64 * 1024)
  })
})

describe('the hosting command', () => {
  const cli = join(projectRoot, 'src/cli.ts')
  const hosting = (words: string[], options = {}) =>
    run(process.execPath, [cli, '--home', gateway.home, ...words], options)

  it('is the same commands on the server', async () => {
    const { stdout } = await hosting(['show', 'a b', `it's`])
    expect(JSON.parse(stdout)).toEqual({ account: 'ada', words: ['a b', `it's`] })
    expect((await hosting(['exit', '42'])).exitCode).toBe(42)
    expect((await hosting(['count'], { input: Buffer.alloc(3 * megabyte) })).stdout).toBe(`${3 * megabyte}\n`)
    expect((await hosting([])).stdout).toBe('welcome\n')
  })

  it('has a terminal, and Ctrl-C, when it is typed at one', async () => {
    const typed = `${process.execPath} ${cli} --home=${gateway.home}`
    const { stdout } = await run('script', ['-qec', `stty cols 90 rows 33; ${typed} show`, '/dev/null'])
    expect(JSON.parse(stdout)).toMatchObject({ terminal: { columns: 90, rows: 33 } })
    const child = start('script', ['-qec', `${typed} sleep 60`, '/dev/null'])
    await once(child.stdout!, 'data')
    child.stdin?.write('\x03')
    expect(await ended(child)).toBe(130)
  })

  it('says what is wrong when no platform runs there', async () => {
    const { exitCode, stderr } = await run(process.execPath, [cli, '--home', '/nonexistent', 'sites'])
    expect(exitCode).toBe(1)
    expect(stderr).toContain('No platform answers at /nonexistent/run/control.sock')
  })
})

/** One connection that many clients use (ssh_config(5), ControlMaster). */
class SharedConnection {
  readonly #gateway: Gateway
  readonly #flags: string[]

  private constructor(of: Gateway) {
    this.#gateway = of
    this.#flags = ['-o', `ControlPath=${join(of.directory, 'mux')}`]
  }

  static async open(of: Gateway): Promise<SharedConnection> {
    const shared = new SharedConnection(of)
    // -f: in the background once it has logged in.
    await runOk('ssh', of.args({ flags: ['-M', '-N', '-f', ...shared.#flags] }), { input: '' })
    return shared
  }

  async ssh(commandLine: string) {
    return await this.#gateway.ssh(commandLine, { flags: this.#flags })
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await run('ssh', this.#gateway.args({ flags: ['-O', 'exit', ...this.#flags] }))
  }
}
