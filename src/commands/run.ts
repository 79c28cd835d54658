// One way in for every door: words in, an exit status out. It never rejects; what went wrong is said on standard error.
import type { Readable, Writable } from 'node:stream'
import { HostingError, toHostingError } from '../errors/hosting-error.ts'
import { renderError } from '../errors/render.ts'
import { viewFor } from './output/view.ts'
import { writeLine, writeOutcome } from './output/write.ts'
import { parseWords } from './parse.ts'
import { registry } from './registry.ts'
import type { CommandContext, CommandRequest, Services } from './types.ts'

export type CommandRunner = (request: CommandRequest, words: readonly string[]) => Promise<number>

/** 128 + SIGINT, as a shell shows it. */
const interrupted = 130

export function createCommandRunner(services: Services): CommandRunner {
  return async (request, words) => {
    for (const stream of [request.stdin, request.stdout, request.stderr]) tolerateErrors(stream)
    try {
      const exitCode = await runWords(services, request, askedFor(words))
      return request.gone.aborted ? interrupted : exitCode
    } catch (error) {
      if (request.gone.aborted && !isShuttingDown(error)) return interrupted
      return say(request, toHostingError(error, reporter(services, request, words)))
    }
  }
}

/** Who is interrupted for that is told so. */
function isShuttingDown(error: unknown): boolean {
  return error instanceof HostingError && error.code === 'shutting-down'
}

/** A client that closes its end makes a stream fail; that is no reason for the daemon to end. Once, where one visit runs many commands. */
function tolerateErrors(stream: Readable | Writable): void {
  if (stream.listenerCount('error') === 0) stream.on('error', () => undefined)
}

async function runWords(services: Services, request: CommandRequest, words: readonly string[]): Promise<number> {
  const { command, typed } = parseWords(registry, words)
  const context = contextOf(services, request, typed['json'] === true)
  const outcome = await command.execute(context, typed)
  if (outcome !== undefined) await writeOutcome(context, outcome)
  return outcome?.exitCode ?? 0
}

/** No words, and the flags that every program understands, are ways to write a command of ours. */
function askedFor(words: readonly string[]): readonly string[] {
  const [first] = words
  if (first === undefined) return ['help']
  if (first === '--version') return ['version']
  const end = words.indexOf('--')
  // `run SITE php --help` asks php.
  const own = registry.find(({ name }) => name === first)?.wordsAreAnothers === true ? 3 : words.length
  const ours = words.slice(0, end === -1 ? own : Math.min(end, own))
  if (!ours.includes('--help') && !ours.includes('-h')) return words
  return first.startsWith('-') ? ['help'] : ['help', first]
}

function contextOf(services: Services, request: CommandRequest, json: boolean): CommandContext {
  const { stdout, stderr } = request
  return {
    ...services,
    ...request,
    json,
    view: viewFor(request.terminal, services.clock.now()),
    progress: (line) => writeLine(json ? stderr : stdout, line),
  }
}

function say({ stderr }: CommandRequest, error: HostingError): number {
  if (stderr.writable) stderr.write(`${renderError(error).join('\n')}\n`)
  return error.exitCode
}

function reporter({ log }: Services, { account }: CommandRequest, [command]: readonly string[]) {
  return (reference: string, error: unknown) =>
    log.error({ err: error, reference, account: account.name, command }, 'a command failed unexpectedly')
}
