// Connects the visitor to a program in their site: streams, keys, signals, and its exit status.
import { HostingError } from '../../errors/hosting-error.ts'
import type { ToolSignal } from '../../runtime/runtime.ts'
import type { SiteContext } from '../command.ts'
import { writeLine } from '../output/write.ts'
import type { Outcome } from '../types.ts'

export async function openOneOff(context: SiteContext, command: readonly string[]): Promise<Outcome> {
  const { deployments, site, account, stdin, stdout, stderr, gone } = context
  const terminal = terminalOf(context)
  if (context.json)
    throw new HostingError('usage', 'What a program prints is its own: --json means nothing here', {
      hint: 'Leave it out, or give it to the program, after its name.',
    })
  let giveBack: (() => void) | undefined
  // Until the program runs, Ctrl-C and signals end the command; then they are the program's.
  const started = (send: (signal: ToolSignal) => void) => {
    if (terminal !== undefined) giveBack = context.takeKeys?.()
    context.takeSignals?.(send)
  }
  try {
    const exitCode = await deployments.runOneOff(site, {
      account,
      command,
      streams: { stdin, stdout, stderr, signal: gone, started, ...(terminal === undefined ? {} : { terminal }) },
      print: (line) => writeLine(stderr, line),
    })
    return { data: { exitCode }, text: () => [], exitCode }
  } finally {
    giveBack?.()
  }
}

/** One for both ways: what is piped in would be taken for keys, and its end for nothing at all. */
export function terminalOf({
  terminal,
  takeKeys,
}: Pick<SiteContext, 'terminal' | 'takeKeys'>): SiteContext['terminal'] {
  return takeKeys === undefined ? undefined : terminal
}
