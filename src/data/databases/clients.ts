// MariaDB's own programs, run for one site: in a container of their own, as the site's uid, with the password of one account and
// nothing else. What a tenant sends to them can reach no file, no program and no other database.
import { PassThrough, type Writable } from 'node:stream'
import { createId } from '../../lib/id.ts'
import type { Runtime, ToolStreams } from '../../runtime/runtime.ts'
import type { Site } from '../../store/sites.ts'
import type { DatabaseServer } from './server.ts'

export interface ClientParts {
  readonly runtime: Pick<Runtime, 'runTool'>
  readonly server: DatabaseServer
}

export interface ClientRun {
  readonly site: Pick<Site, 'name'>
  readonly uid: number
  readonly program: 'mariadb' | 'mariadb-dump'
  readonly account: string
  readonly password: string
  /** Behind those that every run has. */
  readonly arguments: readonly string[]
}

const limits = { memoryMb: 256, cpus: 1, pids: 16 }

export async function runClient(
  { runtime, server }: ClientParts,
  run: ClientRun,
  streams: ToolStreams,
): Promise<number> {
  const { client } = server
  return await runtime.runTool(
    {
      id: createId(),
      site: run.site.name,
      image: 'mariadb',
      command: [run.program, ...commonArguments(run.account), ...client.arguments, ...run.arguments],
      uid: run.uid,
      env: { MYSQL_PWD: run.password, MYSQL_HISTFILE: '/dev/null', TERM: 'xterm-256color', LANG: 'C.UTF-8' },
      mounts: client.mounts,
      limits,
      network: client.network,
    },
    streams,
  )
}

function commonArguments(account: string): string[] {
  return ['--no-defaults', `--user=${account}`, '--default-character-set=utf8mb4', '--max-allowed-packet=64M']
}

/** For what a program says beside its output: the last lines of it. */
export function lastLines(count: number): { stream: Writable; lines: () => string[] } {
  const most = 16 * 1024
  let text = ''
  const stream = new PassThrough()
  stream.on('data', (chunk: Buffer) => (text = (text + chunk.toString('utf8')).slice(-most)))
  return { stream, lines: () => text.split('\n').filter(Boolean).slice(-count) }
}
