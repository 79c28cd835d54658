// Smart HTTP (gitprotocol-http(5)) over git's own stateless programs: what a repository has, and one exchange. Whose it is and who may is
// the git door's business, as for SSH.
import type { IncomingMessage, ServerResponse } from 'node:http'
import { Readable } from 'node:stream'
import type { Config } from '../../config/load.ts'
import { HostingError } from '../../errors/hosting-error.ts'
import type { GitDoor } from '../git-door.ts'
import type { HttpVisitor } from './admit.ts'
import { answerStream, type GitAnswer } from './answer-stream.ts'
import { bodyOf, readWhole } from './body.ts'
import { type GitHttpService, parseGitProtocol } from './request.ts'

export interface SmartHttpParts {
  readonly config: Pick<Config, 'max-push-mb'>
  readonly git: GitDoor
}

interface Exchange {
  readonly request: IncomingMessage
  readonly response: ServerResponse
  readonly visitor: HttpVisitor
  readonly site: string
  readonly service: GitHttpService
}

/** A hundred thousand of the lines that a fetch consists of have 5 MB. */
const mostOfFetch = 32 * 1024 * 1024
/** What is more than a pack may have is still taken, and dropped, so that the client gets to read why; but not for ever. */
const patience = 4

export async function serveRefs(exchange: Exchange, { git }: SmartHttpParts): Promise<void> {
  const { request, response, site, service } = exchange
  // A client of version 2 is told so by git itself; there is no service line then (http-backend.c). Pushes know no version 2.
  const isNew = parseGitProtocol(request.headers['git-protocol'])?.split(':').includes('version=2') === true
  const opening = isNew && service === 'git-upload-pack' ? '' : serviceLine(service)
  const answer = answerStream(response, { contentType: `application/x-${service}-advertisement`, opening })
  const streams = { stdin: Readable.from([]), stdout: answer.stdout, stderr: answer.stderr }
  const status = await git({ ...requestOf(exchange), ...streams }, { service, site, rpc: 'advertise' })
  await finish(answer, status)
}

export async function serveRpc(exchange: Exchange, { git, config }: SmartHttpParts): Promise<void> {
  const { request, response, site, service } = exchange
  if (request.headers['content-type'] !== `application/x-${service}-request`)
    throw new HostingError('invalid-request', `This is not a request of ${service}`)
  const answer = answerStream(response, { contentType: `application/x-${service}-result` })
  if (await isProbe(request, service)) {
    await answer.end()
    return
  }
  const stdin = bodyOf(request, mostBytes(exchange, config))
  const streams = { stdin, stdout: answer.stdout, stderr: answer.stderr }
  const status = await git({ ...requestOf(exchange), ...streams }, { service, site, rpc: 'stateless' })
  if (!answer.begun() && stdin.errored instanceof HostingError) throw stdin.errored
  await finish(answer, status)
}

/** Before a large push git sends one of nothing, to see whether it may (remote-curl.c, probe_rpc). It must not make a site. */
async function isProbe(request: IncomingMessage, service: GitHttpService): Promise<boolean> {
  if (service !== 'git-receive-pack' || request.headers['content-length'] !== '4') return false
  await readWhole(request, 4)
  return true
}

function mostBytes({ request, service }: Exchange, config: SmartHttpParts['config']): number {
  if (service === 'git-upload-pack') return mostOfFetch
  const mostOfPush = config['max-push-mb'] * 1024 * 1024
  return request.headers['content-encoding'] === undefined ? mostOfPush * patience : mostOfPush
}

async function finish(answer: GitAnswer, status: number): Promise<void> {
  if (!answer.begun() && status !== 0)
    throw new HostingError('invalid-request', 'Git could not make sense of this request')
  await answer.end()
}

function requestOf({ request, response, visitor }: Exchange) {
  const gone = new AbortController()
  response.once('close', () => gone.abort())
  const gitProtocol = parseGitProtocol(request.headers['git-protocol'])
  return {
    account: visitor.actor,
    recheck: visitor.recheck,
    door: 'https' as const,
    remoteAddress: visitor.address,
    gone: gone.signal,
    ...(gitProtocol === undefined ? {} : { gitProtocol }),
  }
}

function serviceLine(service: GitHttpService): string {
  const line = `# service=${service}\n`
  return `${(line.length + 4).toString(16).padStart(4, '0')}${line}0000`
}
