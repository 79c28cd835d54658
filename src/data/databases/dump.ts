// Writes a dump: one consistent view of all tables, row by row, in constant memory from the server to whoever reads it.
import type { Writable } from 'node:stream'
import { HostingError } from '../../errors/hosting-error.ts'
import { type ClientParts, type ClientRun, lastLines, runClient } from './clients.ts'

export interface DumpOf extends Omit<ClientRun, 'program' | 'arguments'> {
  readonly database: string
  /** Of mariadb-dump, beside those that make a dump consistent. */
  readonly options: readonly string[]
  /** Only these tables and views. */
  readonly only?: readonly string[]
}

interface Output {
  readonly stdout: Writable
  readonly signal: AbortSignal
}

/** What a whole dump is made of. */
export const wholeDump = ['--hex-blob', '--routines', '--triggers', '--events']

/** @throws HostingError unavailable when it is not whole */
export async function writeDump(
  parts: ClientParts,
  { database, options, only = [], ...run }: DumpOf,
  output: Output,
): Promise<void> {
  const said = lastLines(5)
  const exitCode = await runClient(
    parts,
    {
      ...run,
      program: 'mariadb-dump',
      // Behind `--` a view named `--all-databases` is only a name.
      arguments: ['--single-transaction', '--quick', ...options, '--', database, ...only],
    },
    { ...output, stderr: said.stream },
  )
  if (exitCode === 0) return
  throw new HostingError('unavailable', 'The dump is not whole: throw away what was written', {
    details: said.lines(),
    hint: 'Try again. A view on a table that is gone, or a full disk, is the usual reason.',
  })
}
