// Starts a process by posix_spawn(3). Node's own spawn() forks, which copies the page tables: 1.4 ms in a process of 50 MB, 12 ms in
// one of 150 MB, while nothing else runs in it. This takes 0.5 ms in either (docs/why/090-process-starts.md).
import { accessSync, closeSync, constants, openSync } from 'node:fs'
import { Socket } from 'node:net'
import { getSystemErrorName } from 'node:util'
import { Child } from './child.ts'
import {
  addChdir,
  addDup2,
  createStructure,
  destroyFileActions,
  duplicate,
  fillSignals,
  initAttributes,
  initFileActions,
  lastError,
  posixSpawn,
  setDefaultSignals,
  setFlags,
  socketPair,
} from './libc.ts'
import { watch } from './reaper.ts'

/** What a descriptor of the child is: a socket to us, /dev/null, our own of the same number, or one of ours. */
export type Stdio = 'pipe' | 'ignore' | 'inherit' | number

export interface SpawnOptions {
  readonly cwd?: string
  readonly env: Readonly<Record<string, string>>
  /** By descriptor. */
  readonly stdio: readonly Stdio[]
}

/** Always in a session of its own, with every signal at its default: Node.js ignores SIGPIPE, children shall not. */
export function spawn(file: string, args: readonly string[], options: SpawnOptions): Child {
  const ends: Ends = { ours: [], theirs: [], toClose: [] }
  try {
    for (const [number, kind] of options.stdio.entries()) connect(ends, kind, number)
    const pid = launch(file, args, { ...options, theirs: ends.theirs })
    const child = new Child(pid, ends.ours)
    watch(pid, (end) => child.hasEnded(end))
    return child
  } catch (error) {
    for (const socket of ends.ours) socket?.destroy()
    const child = new Child(undefined, ends.ours)
    process.nextTick(() => child.emit('error', error as Error))
    return child
  } finally {
    ends.toClose.forEach((descriptor) => closeSync(descriptor))
  }
}

interface Ends {
  readonly ours: (Socket | null)[]
  /** By the child's descriptor: which of ours it is a copy of. */
  readonly theirs: number[]
  readonly toClose: number[]
}

function connect(ends: Ends, kind: Stdio, number: number): void {
  const theirs = openEnd(ends, kind, number)
  if (typeof kind !== 'number' && kind !== 'inherit') ends.toClose.push(theirs)
  if (kind !== 'pipe') ends.ours.push(null)
  ends.theirs.push(apart(ends, theirs, number))
}

function openEnd(ends: Ends, kind: Stdio, number: number): number {
  if (kind === 'inherit') return number
  if (kind === 'ignore') return openSync('/dev/null', 'r+')
  if (typeof kind === 'number') return kind
  const [ours, theirs] = openSockets()
  ends.ours.push(new Socket({ fd: ours, readable: number !== 0, writable: number !== 1 && number !== 2 }))
  return theirs
}

const unixStream = { domain: 1, type: 1, closeOnExec: 0o2000000 }

/** Sockets, not pipes: hooks speak and listen on one. Theirs stays blocking, as programs expect. */
function openSockets(): readonly [number, number] {
  const pair: [number, number] = [-1, -1]
  const { domain, type, closeOnExec } = unixStream
  if (socketPair(domain, type | closeOnExec, 0, pair) !== 0) throw systemError('socketpair', lastError())
  return pair
}

/** A source must not be overwritten by the copy to a lower number that comes before it. */
const firstFree = 64

function apart(ends: Ends, source: number, target: number): number {
  if (source === target || source >= firstFree) return source
  const copy = duplicate(source, firstFree)
  if (copy < 0) throw systemError('fcntl', lastError())
  ends.toClose.push(copy)
  return copy
}

interface Launch extends SpawnOptions {
  readonly theirs: readonly number[]
}

function launch(file: string, args: readonly string[], { cwd, env, theirs }: Launch): number {
  const path = findProgram(file, env['PATH'] ?? '')
  const actions = createStructure()
  initFileActions(actions)
  try {
    for (const [target, source] of theirs.entries()) addDup2(actions, source, target)
    if (cwd !== undefined) addChdir(actions, cwd)
    const pid: [number] = [0]
    const envp = Object.entries(env).map(([name, value]) => `${name}=${value}`)
    const words = [file, ...args]
    for (const word of [...words, ...envp])
      if (word.includes('\0')) throw new TypeError(`${file}: a NUL in an argument`)
    const errno = posixSpawn(pid, path, actions, attributes, [...words, null], [...envp, null])
    if (errno !== 0) throw systemError(`spawn ${file}`, errno)
    return pid[0]
  } finally {
    destroyFileActions(actions)
  }
}

/** spawn.h of glibc */
const flags = { setSigDef: 0x04, setSigMask: 0x08, setSid: 0x80 }
const attributes = defaultAttributes()

/** The mask stays as initialised: empty. */
function defaultAttributes(): Buffer {
  const made = createStructure()
  const signals = createStructure()
  initAttributes(made)
  fillSignals(signals)
  setDefaultSignals(made, signals)
  setFlags(made, flags.setSigDef | flags.setSigMask | flags.setSid)
  return made
}

const found = new Map<string, string>()

/** By the child's own PATH, as execvp(3) would. A name that isn't found is tried as it is: ENOENT says the rest. */
function findProgram(file: string, path: string): string {
  if (file.includes('/')) return file
  const key = `${path}\n${file}`
  const known = found.get(key)
  if (known !== undefined && isProgram(known)) return known
  const program = path
    .split(':')
    .map((directory) => `${directory}/${file}`)
    .find(isProgram)
  if (program === undefined) throw systemError(`spawn ${file}`, enoent)
  found.set(key, program)
  return program
}

function isProgram(path: string): boolean {
  try {
    accessSync(path, constants.X_OK)
    return true
  } catch {
    return false
  }
}

const enoent = 2

/** As those of Node.js: its `code` is what callers look at. */
function systemError(what: string, errno: number): Error {
  const code = getSystemErrorName(-errno)
  return Object.assign(new Error(`${what} ${code}`), { errno: -errno, code, syscall: what })
}
