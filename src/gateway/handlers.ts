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
  readonly log: Log
}

export function createHandlers({ runCommand, git, lfs, copy, log }: HandlerParts): Handlers {
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
    exec: run,
    shell(request) {
      return guarded(request, () => runShell(request, run))
    },
    subsystem(request, name) {
      return guarded(request, () => (name === 'sftp' ? copy(request, sftp) : Promise.reject(noSubsystem(name))))
    },
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
