// The few calls of the C library that Node.js lacks, by their POSIX names: numbers in, numbers out, 0 or an errno.
// Only what is typed here can be called; layouts are those of glibc on 64 bits (Debian, Ubuntu).
import koffi from 'koffi'

const library = koffi.load(null)

/** Large enough for each of glibc's opaque structures: posix_spawnattr_t has 336 bytes, posix_spawn_file_actions_t 80, sigset_t 128. */
const structureBytes = 512

export function createStructure(): Buffer {
  return Buffer.alloc(structureBytes)
}

type Call<Arguments extends unknown[]> = (...args: Arguments) => number

/** posix_spawn(3): vfork inside, so that its cost doesn't grow with the memory of this process. @returns 0 or an errno */
export const posixSpawn: Call<
  [pid: [number], path: string, actions: Buffer, attributes: Buffer, argv: (string | null)[], envp: (string | null)[]]
> = library.func(
  'int posix_spawn(_Out_ int *pid, const char *path, void *actions, void *attributes, const char **argv, const char **envp)',
)
export const initFileActions: Call<[actions: Buffer]> = library.func('int posix_spawn_file_actions_init(void *actions)')
export const addDup2: Call<[actions: Buffer, from: number, to: number]> = library.func(
  'int posix_spawn_file_actions_adddup2(void *actions, int from, int to)',
)
export const addChdir: Call<[actions: Buffer, path: string]> = library.func(
  'int posix_spawn_file_actions_addchdir_np(void *actions, const char *path)',
)
export const destroyFileActions: Call<[actions: Buffer]> = library.func(
  'int posix_spawn_file_actions_destroy(void *actions)',
)
export const initAttributes: Call<[attributes: Buffer]> = library.func('int posix_spawnattr_init(void *attributes)')
export const setFlags: Call<[attributes: Buffer, flags: number]> = library.func(
  'int posix_spawnattr_setflags(void *attributes, short flags)',
)
export const setDefaultSignals: Call<[attributes: Buffer, signals: Buffer]> = library.func(
  'int posix_spawnattr_setsigdefault(void *attributes, void *signals)',
)
export const fillSignals: Call<[signals: Buffer]> = library.func('int sigfillset(void *signals)')

/** waitpid(2). @returns the process's id once it has ended, 0 while it runs, -1 when it isn't ours to wait for */
export const waitPid: Call<[pid: number, status: [number], options: number]> = library.func(
  'int waitpid(int pid, _Out_ int *status, int options)',
)
export const socketPair: Call<[domain: number, type: number, protocol: number, descriptors: [number, number]]> =
  library.func('int socketpair(int domain, int type, int protocol, _Out_ int *descriptors)')
export const makeFifo: Call<[path: string, mode: number]> = library.func(
  'int mkfifo(const char *path, unsigned int mode)',
)

/** inotify_init1(2). @returns a descriptor, or -1 */
export const initInotify: Call<[flags: number]> = library.func('int inotify_init1(int flags)')
export const removeWatch: Call<[descriptor: number, watch: number]> = library.func(
  'int inotify_rm_watch(int descriptor, int watch)',
)
export const addWatch: Call<[descriptor: number, path: string, mask: number]> = library.func(
  'int inotify_add_watch(int descriptor, const char *path, unsigned int mask)',
)

const fcntl: Call<[descriptor: number, command: number, type: 'int', argument: number]> = library.func(
  'int fcntl(int descriptor, int command, ...)',
)
const duplicateCloseOnExec = 1030

/** fcntl(2) F_DUPFD_CLOEXEC: another descriptor of the same file, not below `least`. */
export function duplicate(descriptor: number, least: number): number {
  return fcntl(descriptor, duplicateCloseOnExec, 'int', least)
}

const getStatusFlags = 3
const setStatusFlags = 4
const nonBlocking = 0o4000

/** fcntl(2) F_SETFL without O_NONBLOCK. @returns 0, or -1 */
export function clearNonBlocking(descriptor: number): number {
  const flags = fcntl(descriptor, getStatusFlags, 'int', 0)
  return flags < 0 ? -1 : fcntl(descriptor, setStatusFlags, 'int', flags & ~nonBlocking)
}

const syncFileSystemOf = library.func('int syncfs(int descriptor)')

/** syncfs(2), in a thread of its own: what the descriptor's file system holds will outlive a power cut. @throws Error when it failed */
export async function syncFileSystem(descriptor: number): Promise<void> {
  const result: unknown = await new Promise((resolve, reject) => {
    syncFileSystemOf.async(descriptor, (error: Error | null, value: unknown) =>
      error ? reject(error) : resolve(value),
    )
  })
  if (result !== 0) throw new Error(`syncfs failed: ${lastError()}`)
}

/** The name of what the last call on this thread failed with. */
export function lastError(): number {
  return koffi.errno()
}
