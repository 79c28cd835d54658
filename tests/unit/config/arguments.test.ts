import { describe, expect, it } from 'vitest'
import { parseArguments } from '../../../src/config/arguments.ts'
import { loadConfig } from '../../../src/config/load.ts'
import { HostingError } from '../../../src/errors/hosting-error.ts'

describe('the command line', () => {
  it.each([
    [['--max-push-mb', '-3'], '--max-push-mb -3: is not a whole number of at least 1'],
    [['--max-push-mb=-3'], '--max-push-mb -3: is not a whole number of at least 1'],
    [['--htp-port', '80'], '--htp-port is not a flag (did you mean --http-port?)'],
    [['--colour'], '--colour is not a flag'],
    [['--home'], '--home needs a value'],
    [['--home', '--standalone', 'true'], '--home needs a value'],
  ])('refuses %j', (args, expected) => {
    expect(refusal(args)).toBe(expected)
  })
})

function refusal(args: string[]): string {
  try {
    loadConfig({ flags: parseArguments(args).flags, env: {} })
  } catch (error) {
    if (error instanceof HostingError) return error.details[0] ?? error.message
  }
  return 'accepted'
}
