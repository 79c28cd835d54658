// What every door does with what was asked for: git's commands to the git door, all others to the registry. Never rejects.
import { HostingError, toHostingError } from '../errors/hosting-error.ts'
import { renderError } from '../errors/render.ts'
import type { Log } from '../lib/log.ts'
import { splitCommandLine } from './command-line.ts'
import { findGitCommand, type GitCommand } from './git-command.ts'
import { lfsCommand } from './lfs-authenticate.ts'
import type { Handlers, Request } from './session.ts'
import { type CopyCommand, findCopyCommand, sftp } from './sftp/copy-command.ts'
import { runShell } from './shell.ts'

export interface HandlerParts {
  /** Runs a command of the registry. */
  readonly runCommand: (request: Request, words: readonly string[]) => Promise<number>
  readonly git: (request: Request, command: GitCommand) => Promise<number>
  /** Answers `git-lfs-authenticate`. */
  readonly lfs: (request: Request, words: readonly string[]) => Promise<number>
  /** SFTP, scp and rsync. */
  readonly copy: (request: Request, command: CopyCommand) => Promise<number>
  /** What an account is to be told whatever it came for: lines. */
  readonly troubles: (request: Request) => Promise<readonly string[]>
  readonly log: Log
}

export function createHandlers(parts: HandlerParts): Handlers {
  const { runCommand, git, lfs, copy, log } = parts
  const runWords = async (request: Request, words: readonly string[]) => {
    const copying = findCopyCommand(words)
    if (copying !== undefined) return await copy(request, copying)
    if (words[0] === lfsCommand) return await lfs(request, words)
    const command = findGitCommand(words)
    return command === undefined ? await runCommand(request, words) : await git(request, command)
  }
  const guarded = async (request: Request, work: () => Promise<number>) => {
    try {
      return await work()
    } catch (error) {
      return showError(request, error, log)
    }
  }
  const run = (request: Request, commandLine: string) =>
    guarded(request, () => runWords(request, splitCommandLine(commandLine)))
  return {
    async exec(request, commandLine) {
      await tellTroubles(request, commandLine, parts)
      return await run(request, commandLine)
    },
    async shell(request) {
      await tellTroubles(request, '', parts)
      return await guarded(request, () => runShell(request, run))
    },
    subsystem(request, name) {
      return guarded(request, () => (name === 'sftp' ? copy(request, sftp) : Promise.reject(noSubsystem(name))))
    },
  }
}

/** On standard error, which belongs to no protocol. SFTP, scp and rsync tell it themselves; who asks for JSON is a program. */
async function tellTroubles(request: Request, commandLine: string, { troubles, log }: HandlerParts): Promise<void> {
  const { door, stderr, account } = request
  if (door !== 'ssh' || / --json\b/.test(commandLine) || /^\S*(sftp-server|scp|rsync|git-lfs-\S+)\b/.test(commandLine))
    return
  try {
    for (const line of await troubles(request)) if (stderr.writable) stderr.write(`${line}\n`)
  } catch (error) {
    log.warn({ err: error, account: account.name }, 'troubles of uploads could not be told')
  }
}

function showError({ account, stderr }: Request, thrown: unknown, log: Log): number {
  const error = toHostingError(thrown, (reference, cause) =>
    log.error({ err: cause, reference, account: account.name }, 'a request failed unexpectedly'),
  )
  if (stderr.writable) stderr.write(`${renderError(error).join('\n')}\n`)
  return error.exitCode
}

function noSubsystem(name: string): HostingError {
  return new HostingError('unavailable', `There is no subsystem ${name.slice(0, 80)}`, {
    hint: 'help lists the commands.',
  })
}
