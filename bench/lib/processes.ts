// What processes take of the memory, as the kernel counts it.
import { readdir, readFile, writeFile } from 'node:fs/promises'

const kilobyte = 1024

/** Proportional set size, in bytes: a page shared by n processes counts for 1/n in each. */
export async function pssOf(pids: readonly number[]): Promise<number> {
  const sizes = await Promise.all(pids.map((pid) => fieldOf(`/proc/${pid}/smaps_rollup`, 'Pss')))
  return sizes.reduce((sum, size) => sum + size, 0) * kilobyte
}

export async function rssOf(pid: number): Promise<number> {
  return (await fieldOf(`/proc/${pid}/status`, 'VmRSS')) * kilobyte
}

/** Forgets the peak so far (proc(5), clear_refs); the function that comes back reads the highest RSS since, in bytes. */
export async function watchPeakRss(pid: number): Promise<() => Promise<number>> {
  await writeFile(`/proc/${pid}/clear_refs`, '5')
  return async () => (await fieldOf(`/proc/${pid}/status`, 'VmHWM')) * kilobyte
}

/** What they have had of the processors so far, in microseconds; of each only its main thread (proc(5), schedstat). */
export async function processorTimeOf(pids: readonly number[]): Promise<number> {
  const texts = await Promise.all(pids.map((pid) => readFile(`/proc/${pid}/schedstat`, 'utf8')))
  return texts.reduce((sum, text) => sum + Number.parseInt(text) / 1000, 0)
}

/** The process and all that descend from it. */
export async function familyOf(pid: number): Promise<number[]> {
  const children = await childrenOf(pid)
  return [pid, ...(await Promise.all(children.map(familyOf))).flat()]
}

export async function parentOf(pid: number): Promise<number> {
  return await fieldOf(`/proc/${pid}/status`, 'PPid')
}

async function childrenOf(parent: number): Promise<number[]> {
  const pids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name)).map(Number)
  // A process may end while we look.
  const parents = await Promise.all(pids.map((pid) => parentOf(pid).catch(() => undefined)))
  return pids.filter((_, index) => parents[index] === parent)
}

async function fieldOf(file: string, name: string): Promise<number> {
  const found = new RegExp(`^${name}:\\s+(\\d+)`, 'm').exec(await readFile(file, 'utf8'))
  if (found === null) throw new Error(`${file} doesn't say ${name}`)
  return Number(found[1])
}
