// The composition root: configuration, store, wiring, listening; stopped in reverse. Nothing is decided here.
import { parseArguments, usage } from './config/arguments.ts'
import { loadConfig } from './config/load.ts'
import { HostingError, toHostingError } from './errors/hosting-error.ts'
import { renderError } from './errors/render.ts'
import { type Platform, startPlatform } from './platform.ts'
import { tellReady } from './ready.ts'

async function main(): Promise<void> {
  const { flags, help } = parseArguments(process.argv.slice(2))
  if (help) return void process.stdout.write(usage())
  const platform = await startPlatform(loadConfig({ flags, env: process.env }), say)
  stopOnSignal(platform)
  await platform.announce()
  await tellReady(process.env)
}

function say(line: string): void {
  process.stdout.write(`${line}\n`)
}

/** A second Ctrl-C does not wait; the same one once more does, as npm passes on what the terminal has sent already. */
function stopOnSignal(platform: Platform): void {
  let firstAt: number | undefined
  const stop = (signal: NodeJS.Signals) => {
    if (firstAt !== undefined && performance.now() - firstAt > 500) process.exit(130)
    if (firstAt !== undefined) return
    firstAt = performance.now()
    say(`Stopping: open requests are finished first.${signal === 'SIGINT' ? ' Once more to stop at once.' : ''}`)
    platform.stop().then(() => {
      say('Stopped.')
      process.exit(0)
    }, fail)
  }
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, stop)
}

function fail(thrown: unknown): never {
  const error = toHostingError(thrown, (reference, cause) => console.error(reference, cause))
  process.stderr.write(`${renderError(error).join('\n')}\n`)
  process.exit(error instanceof HostingError ? error.exitCode : 1)
}

main().catch(fail)
