// SFTP, scp and rsync: Debian's own programs in a jail, between the streams of a client. No packet is looked at here; what becomes of what they
// write is the business of uploads/.
import type { Readable } from 'node:stream'
import { finished } from 'node:stream/promises'
import { access } from 'node:fs/promises'
import { HostingError } from '../../errors/hosting-error.ts'
import type { Log } from '../../lib/log.ts'
import { filesOpenForWriting, type OpenFile, progressOf } from '../../lib/open-files.ts'
import { programs } from '../../privileged/jail/arguments.ts'
import type { Jailed } from '../../privileged/jail/jailed.ts'
import type { Jailer } from '../../privileged/jail/jailer.ts'
import type { Uploads, UploadSession } from '../../uploads/types.ts'
import type { Request } from '../session.ts'
import { type CopyCommand, takesFiles, withFullNames } from './copy-command.ts'
import { type Reports, reportsOf } from './reports.ts'

export interface SftpDoorParts {
  readonly uploads: Uploads
  readonly jailer: Jailer
  readonly log: Log
  /** Short names of sites mean those below it. */
  readonly baseDomain: string
}

type SftpDoor = (request: Request, command: CopyCommand) => Promise<number>

const startLimitMs = 30_000
/** What was received is carried out before it is asked which files are open. */
const idleLookMs = 40
const mostIdleLooks = 250
/** Of a process that a signal ended it is this, or more. */
const killedStatus = 129
const endLimitMs = 10_000

/** The door throws HostingErrors: busy, unavailable. */
export function createSftpDoor(parts: SftpDoorParts): SftpDoor {
  return async (request, command) => {
    const { account, credential, stderr, userName = '' } = request
    const print = (line: string) => {
      if (stderr.writable) stderr.write(`${line}\n`)
    }
    await access(programs[command.name]).catch(() => {
      throw new HostingError('unavailable', `${command.name} is not installed on this server`, {
        hint: 'Use git push.',
      })
    })
    // A copy is about the sites in its paths, whatever name it came under.
    const wanted = command.name === 'SFTP' ? [userName] : command.args.flatMap((word) => word.split('/'))
    const session = await parts.uploads.open({
      ...{ account, credential, program: command.name, writes: takesFiles(command), wanted, print },
    })
    for (const line of session.notices) print(line)
    return await serve(request, command, { ...parts, session })
  }
}

type Serving = SftpDoorParts & { readonly session: UploadSession }

async function serve(request: Request, command: CopyCommand, serving: Serving): Promise<number> {
  const { session, log } = serving
  let open: readonly OpenFile[] = []
  let status = killedStatus
  try {
    const jailed = await startJail(request, command, serving)
    const { pids, kill } = jailed
    session.began({ pids, revoke: kill })
    jailed.ended.catch(() => undefined)
    const reports = reportsOf(jailed.reports, (refusal) => session.refused(refusal))
    await untilReady(jailed, reports)
    open = await converse(request, jailed)
    status = await jailed.ended
  } finally {
    const leaving = session.leave({ open, killed: status >= killedStatus })
    // Who drags files has gone by now; who copies by a command is told what came of it.
    if (command.name === 'SFTP')
      leaving.catch((error: unknown) => log.error({ err: error }, 'an upload could not be ended'))
    else status = statusOf(command, await leaving) ?? status
  }
  return status
}

/** rsync explains an exit status in words of its own: of those, this one fits ("partial transfer due to error"). */
const rsyncPartial = 23

function statusOf({ name }: CopyCommand, error: HostingError | undefined): number | undefined {
  return error !== undefined && name === 'rsync' ? rsyncPartial : error?.exitCode
}

async function startJail(
  { account }: Request,
  { name, args }: CopyCommand,
  { session, jailer, baseDomain }: Serving,
): Promise<Jailed> {
  const program = { name, args: withFullNames(args, { sites: session.sites, baseDomain }) }
  return await jailer.start({ account: { id: account.id, name: account.name }, program, sites: [...session.sites] })
}

/** Until the program is in its jail nothing of the client reaches it. */
async function untilReady({ stderr, kill }: Jailed, { entered }: Reports): Promise<void> {
  const timer = setTimeout(kill, startLimitMs)
  const said = lastWords(stderr)
  const isReady = await entered
  clearTimeout(timer)
  const words = said()
  if (!isReady) throw new Error(`the jail was not closed: ${words}`)
}

function lastWords(stderr: Readable): () => string {
  let said = ''
  const take = (chunk: Buffer) => void (said = (said + chunk.toString()).slice(-2000))
  stderr.on('data', take)
  return () => {
    stderr.off('data', take).pause()
    return said
  }
}

/** Until the client or the program has said all. @returns what was still open when the client left */
async function converse({ stdin, stdout, stderr, gone }: Request, jailed: Jailed): Promise<readonly OpenFile[]> {
  jailed.stdin.on('error', () => undefined)
  jailed.stdout.on('error', () => undefined).pipe(stdout, { end: false })
  jailed.stderr.on('error', () => undefined).pipe(stderr, { end: false })
  stdin.pipe(jailed.stdin, { end: false })
  const clientEnds = finished(stdin, { writable: false }).catch(() => undefined)
  await Promise.race([jailed.exited, clientEnds])
  const open = await whenIdle(jailed)
  if (gone.aborted) drop(jailed)
  jailed.stdin.end()
  const timer = setTimeout(jailed.kill, endLimitMs)
  void jailed.exited.then(() => clearTimeout(timer))
  return open
}

/** Nobody reads its answers any more: they must not keep it from its end. */
function drop({ stdout, stderr }: Jailed): void {
  for (const stream of [stdout, stderr]) stream.unpipe().resume()
}

async function whenIdle({ pids }: Jailed): Promise<readonly OpenFile[]> {
  const look = () => pids().map(progressOf).join('|')
  for (let before = look(), looks = 0; looks < mostIdleLooks && before !== ''; looks++) {
    await new Promise((resolve) => setTimeout(resolve, idleLookMs))
    const now = look()
    if (now === before && !/(^|\|)[RD] /.test(now)) break
    before = now
  }
  return pids().flatMap(filesOpenForWriting)
}
