// A platform as it is installed: the daemon is a user of its own, and a process with root's rights does the rest, with no more of those than
// its unit leaves it.
import { chown, readFile, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { ended, killGroup, start } from '../../src/lib/exec.ts'
import { exists } from '../../src/lib/files.ts'
import { projectRoot } from './paths.ts'
import { Platform } from './platform.ts'
import { runOk } from './session.ts'
import { until } from './until.ts'

/** nobody: a user that every Debian knows, of no group that matters. */
export const daemonUid = 65_534

export interface Unprivileged extends AsyncDisposable {
  readonly platform: Platform
  /** Starts the daemon again, after `platform.kill()`. */
  restart(): Promise<void>
  /** Ends the process with root's rights, as a power cut would. */
  killPrivileged(): Promise<void>
}

export async function startUnprivileged(flags: Readonly<Record<string, string>>): Promise<Unprivileged> {
  await using started = new AsyncDisposableStack()
  const platform = started.use(await Platform.prepare())
  const { directory } = platform
  await runOk('chown', ['-R', `${daemonUid}:${daemonUid}`, directory])
  const socket = join(directory, 'privileged.sock')
  const all = { ...flags, home: platform.home.root, 'run-link': join(directory, 'r') }
  const kill = await startPrivileged(socket, all)
  started.defer(kill)
  const groups = [(await stat('/var/run/docker.sock')).gid, 33].join(',')
  const user = [
    `--reuid=${daemonUid}`,
    `--regid=${daemonUid}`,
    `--groups=${groups}`,
    '--inh-caps=-all',
    '--bounding-set=-all',
  ]
  const restart = () =>
    platform.start({
      flags: { ...flags, 'run-link': join(directory, 'r'), 'privileged-socket': socket },
      under: ['setpriv', ...user, '--no-new-privs', '--'],
    })
  await restart()
  const running = started.move()
  return { platform, restart, killPrivileged: kill, [Symbol.asyncDispose]: () => running.disposeAsync() }
}

async function startPrivileged(socket: string, flags: Readonly<Record<string, string>>): Promise<() => Promise<void>> {
  const variables = Object.fromEntries(
    Object.entries({ ...flags, 'log-level': 'silent' }).map(([key, value]) => [
      `HOSTING_${key.toUpperCase().replaceAll('-', '_')}`,
      value,
    ]),
  )
  const passed = Object.entries(variables).map(([name, value]) => `--setenv=${name}=${value}`)
  const rights = ['setpriv', `--bounding-set=-all,${await capabilities()}`, '--inh-caps=-all', '--no-new-privs', '--']
  const program = [process.execPath, join(projectRoot, 'src/privileged/main.ts')]
  const child = start('systemd-socket-activate', [`--listen=${socket}`, ...passed, ...rights, ...program], {
    env: variables,
    stdio: 'ignore',
  })
  const end = ended(child)
  await until('the socket', () => exists(socket))
  await chown(socket, daemonUid, daemonUid)
  return async () => {
    killGroup(child.pid)
    await end
  }
}

/** Those of its unit, as setpriv(1) has them. */
async function capabilities(): Promise<string> {
  const unit = await readFile(join(projectRoot, 'systemd/hosting-privileged.service'), 'utf8')
  const names = /^CapabilityBoundingSet=(.+)$/m.exec(unit)?.[1]?.split(' ') ?? []
  return names.map((name) => name.toLowerCase().replace('cap_', '+')).join(',')
}
