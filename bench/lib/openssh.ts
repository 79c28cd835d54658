// The floor of everything over SSH: OpenSSH's own sshd on a free port, with one unprivileged user who is removed again.
import { chmod, mkdir, rm, writeFile } from 'node:fs/promises'
import { randomInt } from 'node:crypto'
import { join } from 'node:path'
import { connect } from 'node:net'
import { ended, execOk, start } from '../../src/lib/exec.ts'
import { scratchDirectory } from '../../tests/helpers/paths.ts'
import type { Person } from '../../tests/helpers/person.ts'
import { freePort } from '../../tests/helpers/ports.ts'
import { type Ran, runOk } from '../../tests/helpers/session.ts'
import { until } from '../../tests/helpers/until.ts'

export interface OpenSsh extends AsyncDisposable {
  /** Home of the user. */
  readonly home: string
  readonly user: string
  readonly port: number
  /** Address of a repository below that home. */
  remoteOf(repository: string): string
  /** `ssh user@host COMMAND`, which has to succeed. */
  ssh(commandLine: string): Promise<Ran>
  /** Makes an empty bare repository below the home and returns its path. @param hook post-receive */
  createRepository(repository: string, hook?: string): Promise<string>
}

/** @param person whose key may log in */
export async function startOpenSsh(person: Person): Promise<OpenSsh> {
  await using started = new AsyncDisposableStack()
  const directory = await scratchDirectory('openssh')
  started.defer(() => rm(directory, { recursive: true, force: true }))
  const home = join(directory, 'home')
  const user = await addUser(home)
  started.defer(() => removeUser(user))
  const port = await freePort()
  // In the home: sshd (StrictModes) looks at every directory from the file up to there, and /tmp is everybody's.
  await writeFile(join(home, 'authorized_keys'), `${await person.publicKey()}\n`)
  const server = await startServer(directory, port)
  started.defer(server)
  const running = started.move()

  return {
    home,
    user,
    port,
    remoteOf: (repository) => `ssh://${user}@127.0.0.1:${port}${join(home, repository)}`,
    ssh: (commandLine) =>
      runOk('ssh', [...person.sshOptions, '-p', String(port), `${user}@127.0.0.1`, commandLine], { env: person.env }),
    async createRepository(repository, hook) {
      const path = join(home, repository)
      await execOk('git', ['init', '-q', '--bare', '-b', 'main', path])
      if (hook !== undefined) await writeFile(join(path, 'hooks/post-receive'), hook, { mode: 0o755 })
      await execOk('chown', ['-R', `${user}:`, path])
      return path
    },
    [Symbol.asyncDispose]: () => running.disposeAsync(),
  }
}

/** A password of `*` can't be typed; sshd without PAM refuses accounts that are locked, as useradd makes them. */
async function addUser(home: string): Promise<string> {
  const user = `bench-${randomInt(100_000, 1_000_000)}`
  await execOk('useradd', ['--create-home', '--home-dir', home, '--shell', '/bin/sh', '--password', '*', user])
  await chmod(home, 0o755)
  return user
}

/** Not --remove: the directory goes with what lies beside it. */
async function removeUser(user: string): Promise<void> {
  await until('the processes of the user to end', async () => {
    await execOk('userdel', [user]).catch(() => undefined)
    return !(await isUser(user))
  })
}

async function isUser(user: string): Promise<boolean> {
  return (await execOk('getent', ['passwd', user]).catch(() => '')) !== ''
}

async function startServer(directory: string, port: number): Promise<() => Promise<void>> {
  const hostKey = join(directory, 'host_key')
  await runOk('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-f', hostKey])
  // Where it leaves its privileges behind; Debian makes it when the service starts.
  await mkdir('/run/sshd', { recursive: true, mode: 0o755 })
  const config = join(directory, 'sshd_config')
  await writeFile(config, renderConfig(port, hostKey))
  const child = start('/usr/sbin/sshd', ['-D', '-e', '-f', config], { stdio: ['ignore', 'ignore', 'inherit'] })
  const end = ended(child)
  await until('sshd to listen', () => listens(port))
  return async () => {
    child.kill('SIGTERM')
    await end
  }
}

function renderConfig(port: number, hostKey: string): string {
  return `Port ${port}
ListenAddress 127.0.0.1
HostKey ${hostKey}
PidFile none
AuthorizedKeysFile authorized_keys
KexAlgorithms curve25519-sha256
PasswordAuthentication no
KbdInteractiveAuthentication no
UsePAM no
UseDNS no
PrintMotd no
PrintLastLog no
Subsystem sftp /usr/lib/openssh/sftp-server
MaxStartups 100
LogLevel FATAL
`
}

async function listens(port: number): Promise<boolean> {
  return await new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1', () => {
      socket.destroy()
      resolve(true)
    }).once('error', () => resolve(false))
  })
}
