// Serves one fetch, push or archive: git's own programs on one bare repository, between the streams of a client.
// Who may do this was decided before; a repository is named by its path, never by the client's words.
import { fileURLToPath } from 'node:url'
import { HostingError } from '../errors/hosting-error.ts'
import { renderError } from '../errors/render.ts'
import { ended } from '../lib/exec.ts'
import type { Log } from '../lib/log.ts'
import { endNow, gitEnv, spawnGit } from './git.ts'
import { answerHooks } from './hook-channel.ts'
import { connect } from './streams.ts'
import type { GitService, PackStreams, PushHooks } from './types.ts'

export interface ServeRequest {
  readonly service: GitService
  readonly repository: string
  readonly streams: PackStreams
  /** Git over HTTP (gitprotocol-http(5)): what the repository has, or one request and its answer. Left out: a conversation. */
  readonly rpc?: 'advertise' | 'stateless'
  /** GIT_PROTOCOL, checked to be `version=N`(:…). */
  readonly gitProtocol?: string
  /** Who answers for a push; a fetch has none. */
  readonly hooks?: PushHooks
  readonly limits: { readonly maxPackBytes: number }
  readonly log: Log
}

const hooksDirectory = fileURLToPath(new URL('../../hooks', import.meta.url))
/** A pusher who reads nothing for so long is taken for gone: the push that waits behind must not wait for the kernel's patience. */
const stallLimitMs = 60_000

/**
 * Resolves with git's exit status when the process and all its streams have ended (0 also for a push that was refused: git's report says so).
 * A fetch whose client leaves is ended. A push is not: it fails by itself when its pack is cut off, and is finished once it was received.
 */
export async function servePack(request: ServeRequest): Promise<number> {
  const { service, rpc } = request
  return service === 'git-receive-pack' && rpc !== 'advertise' ? await receive(request) : await send(request)
}

async function send(request: ServeRequest): Promise<number> {
  const { service, streams, gitProtocol, limits } = request
  const isPush = service === 'git-receive-pack'
  const child = spawnGit(wordsOf(request), {
    env: serveEnv(gitProtocol),
    own: isPush ? receiveSettings(limits.maxPackBytes) : sendSettings,
  })
  connect(child, streams, { onGone: () => endNow(child) })
  return await ended(child)
}

async function receive(request: ServeRequest): Promise<number> {
  const { repository, streams, gitProtocol, hooks, limits, log } = request
  if (hooks === undefined) throw new Error('a push needs hooks that answer for it')
  const child = spawnGit(wordsOf(request), {
    env: serveEnv(gitProtocol),
    own: receiveSettings(limits.maxPackBytes),
    // The last three go to the hooks.
    stdio: ['pipe', 'pipe', 'pipe', 'pipe', 'pipe', 'pipe'],
  })
  const onGone = () => log.debug({ repository }, 'a pusher left')
  const client = connect(child, streams, { onGone, stallLimitMs })
  const answered = answerHooks(child.stdio.slice(3), { repository, hooks, gitPid: child.pid ?? 0, log })
  const [status, asked] = await Promise.all([ended(child), answered])
  if (!asked && client.received() > limits.maxPackBytes) explainSize(streams, limits.maxPackBytes)
  return status
}

const sendSettings = ['uploadpack.allowFilter=true', 'uploadpack.allowReachableSHA1InWant=true']

function wordsOf({ service, rpc, repository }: ServeRequest): string[] {
  const options = { advertise: ['--stateless-rpc', '--advertise-refs'], stateless: ['--stateless-rpc'] }
  return [service.replace(/^git-/, ''), ...(rpc === undefined ? [] : options[rpc]), repository]
}

function receiveSettings(maxPackBytes: number): string[] {
  return [
    `core.hooksPath=${hooksDirectory}`,
    'receive.fsckObjects=true',
    `receive.maxInputSize=${maxPackBytes}`,
    // Packs are kept as they came: unpacking deflates everything once more, and so would every clone (300 MB: 13 s against 4).
    'receive.unpackLimit=1',
    'receive.autogc=false',
    'receive.advertisePushOptions=false',
    // Rules about branches are the platform's and are answered by pre-receive; git refusing afterwards would be too late.
    'receive.denyDeletes=false',
    'receive.denyDeleteCurrent=ignore',
    'receive.denyNonFastForwards=false',
    'receive.denyCurrentBranch=ignore',
  ]
}

function serveEnv(gitProtocol: string | undefined): Record<string, string> {
  return { ...gitEnv(), ...(gitProtocol === undefined ? {} : { GIT_PROTOCOL: gitProtocol }) }
}

function explainSize({ stderr }: PackStreams, maxPackBytes: number): void {
  if (!stderr.writable) return
  const error = new HostingError('too-large', `The push is larger than ${Math.floor(maxPackBytes / 1024 / 1024)} MB`, {
    hint: 'Push the history in parts (git push <remote> <older commit>:refs/heads/main), take large files out of it, or ask whoever runs this server to raise max-push-mb.',
  })
  stderr.write(`${renderError(error).join('\n')}\n`)
}
