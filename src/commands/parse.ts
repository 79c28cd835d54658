// Words → a command and what was typed for it. commander knows options and suggests what was meant; it prints and exits nothing.
import { CommanderError, Command as Program, Option as ProgramOption } from 'commander'
import { HostingError } from '../errors/hosting-error.ts'
import type { Command, Typed } from './command.ts'
import { jsonOption, renderUsage } from './help-text.ts'
import type { Argument, Option } from './shown.ts'

export interface Parsed {
  readonly command: Command
  readonly typed: Typed
}

const longestMessage = 300

/** @throws HostingError usage, with what was probably meant */
export function parseWords(commands: readonly Command[], words: readonly string[]): Parsed {
  let parsed: Parsed | undefined
  const program = silentProgram()
  for (const command of commands) addCommand(program, command, (typed) => (parsed = { command, typed }))
  try {
    program.parse(words, { from: 'user' })
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error
    throw mistyped(
      error,
      commands.find(({ name }) => name === words[0]),
    )
  }
  if (parsed === undefined) throw new Error(`commander ran no command for ${words[0] ?? 'nothing'}`)
  return parsed
}

function silentProgram(): Program {
  const silence = () => undefined
  return new Program('hosting')
    .exitOverride()
    .configureOutput({ writeOut: silence, writeErr: silence })
    .helpCommand(false)
    .helpOption(false)
    .enablePositionalOptions()
}

function addCommand(program: Program, command: Command, found: (typed: Typed) => void): void {
  const args = command.arguments ?? []
  const added = program.command(command.name).helpOption(false)
  if (command.wordsAreAnothers === true) added.passThroughOptions()
  for (const argument of args) added.argument(syntax(argument))
  for (const option of [...(command.options ?? []), jsonOption]) added.addOption(optionOf(option))
  added.action(() => {
    const values = args.map(({ name }, index) => [name, added.processedArgs[index] as unknown] as const)
    found({ ...added.opts<Record<string, unknown>>(), ...Object.fromEntries(values) })
  })
}

function optionOf({ flags, repeatable }: Option): ProgramOption {
  const option = new ProgramOption(flags)
  if (repeatable === true) option.argParser((value, former?: readonly string[]) => [...(former ?? []), value])
  return option
}

function syntax({ name, optional, rest }: Argument): string {
  const label = rest === true ? `${name}...` : name
  return optional === true ? `[${label}]` : `<${label}>`
}

function mistyped(error: CommanderError, command: Command | undefined): HostingError {
  const message = shortened(error.message.replace(/^error: /, '').trim())
  return new HostingError('usage', message.charAt(0).toUpperCase() + message.slice(1), {
    hint:
      command === undefined ? 'help lists all commands.' : `${renderUsage(command)}\nhelp ${command.name} says more.`,
  })
}

/** commander repeats whatever was typed: 10,000 arguments, for one. */
function shortened(message: string): string {
  return message.length > longestMessage ? `${message.slice(0, longestMessage)}…` : message
}
