// Running nginx processes, known by what the kernel says about them: a pid in a file may be somebody else's by now.
import { readdir, readFile } from 'node:fs/promises'
import type { EdgePaths } from './edge-paths.ts'

interface NginxProcess {
  readonly pid: number
  readonly processGroup: number
  readonly title: string
}

/** The master that runs on our configuration, if there is one. */
export async function findMaster({ pid, config }: EdgePaths): Promise<number | undefined> {
  const master = Number.parseInt(await readFile(pid, 'utf8').catch(() => ''))
  const found = Number.isNaN(master) ? undefined : await describe(master)
  return found?.title.startsWith('nginx: master') === true && found.title.includes(config) ? master : undefined
}

/** Workers of a master that is gone: they still hold the ports. A master of ours leads a process group of its own. */
export async function findOrphans({ pid }: EdgePaths): Promise<number[]> {
  const master = Number.parseInt(await readFile(pid, 'utf8').catch(() => ''))
  if (Number.isNaN(master)) return []
  const pids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name)).map(Number)
  const processes = await Promise.all(pids.map(describe))
  return processes
    .filter((found) => found !== undefined)
    .filter(({ processGroup, title }) => processGroup === master && title.startsWith('nginx: worker'))
    .map((found) => found.pid)
}

export function signalNginx(pid: number, signal: NodeJS.Signals): boolean {
  try {
    return process.kill(pid, signal)
  } catch {
    // ESRCH: it has ended meanwhile. EPERM: an installed edge runs as another user, whose unit watches the configuration.
    return false
  }
}

async function describe(pid: number): Promise<NginxProcess | undefined> {
  try {
    const [title, stat] = await Promise.all([
      readFile(`/proc/${pid}/cmdline`, 'utf8'),
      readFile(`/proc/${pid}/stat`, 'utf8'),
    ])
    // After the name, which may hold blanks and parentheses: state, parent, process group (proc_pid_stat(5)).
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
    return { pid, processGroup: Number(fields[2]), title }
  } catch {
    return undefined
  }
}
