// Feeds SQL to a database as the account that owns it, and says what the server said when it does not like it.
import { PassThrough, type Readable, pipeline } from 'node:stream'
import { type ClientParts, type ClientRun, lastLines, runClient } from './clients.ts'
import { withoutDefiners } from './definers.ts'
import { DumpCheck, invalidDump } from './dump-check.ts'

export interface Loading extends Omit<ClientRun, 'program' | 'arguments'> {
  readonly database: string
  readonly sql: Readable
  readonly signal: AbortSignal
}

/** `binary-mode` leaves the client no command but DELIMITER: neither `system`, nor `source`, nor `tee`. */
const loadArguments = ['--batch', '--binary-mode', '--sandbox', '--local-infile=0']

/** @throws HostingError invalid-dump with the line, or the error of the stream itself */
export async function loadSql(parts: ClientParts, { database, sql, signal, ...run }: Loading): Promise<void> {
  const said = lastLines(5)
  const check = new DumpCheck()
  const filter = withoutDefiners()
  // Its errors reach the reader of the last stream, which ends the program: nothing half is taken for the whole.
  pipeline(sql, check, filter, () => undefined)
  try {
    const exitCode = await runClient(
      parts,
      { ...run, program: 'mariadb', arguments: [...loadArguments, '--', database] },
      { stdin: filter, stdout: new PassThrough().resume(), stderr: said.stream, signal },
    )
    if (exitCode !== 0) throw refused(said.lines())
  } finally {
    filter.destroy()
  }
  if (check.isCutOff)
    throw invalidDump('The dump is cut off: its closing line is missing', { hint: 'Make it anew, or send it again.' })
}

function refused(lines: readonly string[]): Error {
  const error = lines.find((line) => line.startsWith('ERROR ')) ?? lines.at(-1) ?? 'no reason was given'
  const code = /^ERROR (\d+)/.exec(error)?.[1] ?? ''
  return invalidDump(`The database refused the dump: ${error}`, { hint: hints[code] ?? otherHint })
}

const otherHint = 'Mend that line of the dump and restore it again.'
/** Numbers of errors (MariaDB: Error Codes) that dumps from elsewhere run into. */
const hints: Readonly<Record<string, string>> = {
  1044: 'The dump is of a whole server, or creates or uses a database by name. Make it of one: mariadb-dump NAME, without --databases.',
  1049: 'The dump uses a database by name. Make it of one: mariadb-dump NAME, without --databases.',
  1064: 'That line is not SQL. Is it the dump that you meant to send?',
  1227: 'The dump wants what only an administrator may. Make it with: mysqldump --set-gtid-purged=OFF --no-tablespaces NAME',
}
