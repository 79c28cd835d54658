// The `hosting` command: the platform's commands on the server itself, over the control socket of the home that the configuration names.
import { loadConfig } from './config/load.ts'
import { HostingError, toHostingError } from './errors/hosting-error.ts'
import { renderError } from './errors/render.ts'
import { runOnDaemon } from './gateway/local/client.ts'

const ownFlags = ['--home', '--config']
/** 128 + SIGPIPE: whoever read the output has gone (`hosting logs … | head`). */
const pipeClosed = 141

async function main(): Promise<number> {
  const { flags, words } = splitOwnFlags(process.argv.slice(2))
  const { home } = loadConfig({ flags, env: process.env })
  process.stdout.on('error', () => process.exit(pipeClosed))
  const command = await runOnDaemon(home.controlSocket, words, process)
  process.on('SIGINT', () => command.interrupt())
  process.on('SIGWINCH', () => command.resize())
  return await command.ended
}

/** Flags before the first word are this program's; all that follows is the daemon's. */
function splitOwnFlags(args: readonly string[]): { flags: Record<string, string>; words: string[] } {
  const words = [...args]
  const flags: Record<string, string> = {}
  for (;;) {
    const [flag = '', inline] = words[0]?.split(/=(.*)/s) ?? []
    if (!ownFlags.includes(flag)) return { flags, words }
    words.shift()
    const value = inline ?? words.shift()
    if (value === undefined)
      throw new HostingError('usage', `${flag} needs a value`, { hint: `hosting ${flag} PATH COMMAND` })
    flags[flag.slice(2)] = value
  }
}

function report(thrown: unknown): number {
  const error = toHostingError(thrown, (reference, cause) => console.error(reference, cause))
  process.stderr.write(`${renderError(error).join('\n')}\n`)
  return error.exitCode
}

const status = await main().catch(report)
// Not before all is written: a pipe takes it later.
process.stdout.write('', () => process.stderr.write('', () => process.exit(status)))
