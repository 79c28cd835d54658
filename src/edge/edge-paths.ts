// Where nginx's own files lie. All by way of the short link: workers reach nothing else, and some are unix sockets.
import { join } from 'node:path'
import type { Home } from '../config/home.ts'

export interface EdgePaths {
  /** The configuration in use: the last one that nginx has proven. */
  readonly config: string
  /** What is to be proven; never used to serve. */
  readonly candidate: string
  readonly pid: string
  /** Writable by nginx itself: error log and temporary files. */
  readonly state: string
  readonly errorLog: string
  /** Keys of session tickets; nginx reads them when it starts or is reloaded. */
  readonly tickets: string
  /** As nginx and the daemon name it: short enough for a unix socket. */
  readonly wakeSocket: string
}

export function edgePaths(home: Home): EdgePaths {
  const run = join(home.link, 'run')
  const state = join(run, 'edge')
  return {
    config: join(run, 'nginx.conf'),
    candidate: join(run, 'nginx.candidate.conf'),
    pid: join(state, 'nginx.pid'),
    state,
    errorLog: join(state, 'error.log'),
    tickets: join(run, 'tickets'),
    wakeSocket: home.wakeSocket,
  }
}
