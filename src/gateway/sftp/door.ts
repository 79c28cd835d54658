// SFTP, scp and rsync: Debian's own programs in a jail, between the streams of a client. No packet is looked at here; what becomes of what they
// write is the business of uploads/.
import type { Readable } from 'node:stream'
import { finished } from 'node:stream/promises'
import { access } from 'node:fs/promises'
import type { Config } from '../../config/load.ts'
import { HostingError } from '../../errors/hosting-error.ts'
import { type Child, ended, killGroup, start } from '../../lib/exec.ts'
import type { Log } from '../../lib/log.ts'
import { filesOpenForWriting, type OpenFile, processesBelow, progressOf } from '../../lib/open-files.ts'
import type { Uploads, UploadSession } from '../../uploads/types.ts'
import { ownerOfUploads } from '../../uploads/view.ts'
import type { Request } from '../session.ts'
import type { CopyCommand } from './copy-command.ts'
import { jailArguments, type JailLimits } from './jail.ts'

export interface SftpDoorParts {
  readonly config: Config
  readonly uploads: Uploads
  readonly log: Log
}

type SftpDoor = (request: Request, command: CopyCommand) => Promise<number>

const programs: Readonly<Record<CopyCommand['name'], string>> = {
  SFTP: '/usr/lib/openssh/sftp-server',
  scp: '/usr/bin/scp',
  rsync: '/usr/bin/rsync',
}

const limits: Omit<JailLimits, 'fileBytes'> = { files: 1024, processes: 16, memoryBytes: 1024 * 1024 * 1024 }
const startLimitMs = 30_000
/** What was received is carried out before it is asked which files are open. */
const idleLookMs = 40
const mostIdleLooks = 250
const endLimitMs = 10_000

/** The door throws HostingErrors: busy, unavailable. */
export function createSftpDoor(parts: SftpDoorParts): SftpDoor {
  return async (request, command) => {
    const { account, stderr, userName = '' } = request
    const print = (line: string) => {
      if (stderr.writable) stderr.write(`${line}\n`)
    }
    await access(programs[command.name]).catch(() => {
      throw new HostingError('unavailable', `${command.name} is not installed on this server`, {
        hint: 'Use git push.',
      })
    })
    const wanted = [userName, ...command.args.flatMap((word) => word.split('/'))]
    const session = await parts.uploads.open({ account, program: command.name, wanted, print })
    for (const line of session.notices) print(line)
    return await serve(request, command, { ...parts, session })
  }
}

type Serving = SftpDoorParts & { readonly session: UploadSession }

async function serve(request: Request, command: CopyCommand, serving: Serving): Promise<number> {
  const { session, log } = serving
  let open: readonly OpenFile[] = []
  let status = 1
  try {
    const child = startJail(request, command, serving)
    const pids = () => processesOf(child)
    session.began({ pids, revoke: () => killGroup(child.pid) })
    const end = ended(child)
    end.catch(() => undefined)
    await untilReady(child)
    open = await converse(request, child)
    status = await end
  } finally {
    const leaving = session.leave(open)
    // Who drags files has gone by now; who copies by a command is told what came of it.
    if (command.name === 'SFTP')
      leaving.catch((error: unknown) => log.error({ err: error }, 'an upload could not be ended'))
    else status = (await leaving)?.exitCode ?? status
  }
  return status
}

function startJail({ account }: Request, { name, args }: CopyCommand, { config, session }: Serving): Child {
  const isShared = ownerOfUploads() === undefined && session.sites.some(({ storage }) => storage.paths.length > 0)
  // Without root, what lies in storage is written by whoever comes: the site itself must be able to change it, too.
  const own = name === 'SFTP' ? ['-u', isShared ? '000' : '022'] : []
  const jail = jailArguments({
    sites: session.sites,
    account: account.name,
    program: [programs[name], ...own, ...args],
    uid: ownerOfUploads(),
    limits: { ...limits, fileBytes: config['max-release-mb'] * 1024 * 1024 },
    isReadyAtOnce: name === 'rsync',
  })
  return start('bwrap', jail, { stdio: ['pipe', 'pipe', 'pipe', 'pipe'] })
}

/** One byte says that the program is in its jail. Until then nothing of the client reaches it. */
async function untilReady(child: Child): Promise<void> {
  const ready = child.stdio[3]
  if (!ready) throw new Error('the jail was started without its socket')
  const timer = setTimeout(() => killGroup(child.pid), startLimitMs)
  const said = lastWords(child.stderr)
  const isReady = await new Promise<boolean>((resolve) => {
    ready
      .once('data', () => resolve(true))
      .once('close', () => resolve(false))
      .once('error', () => resolve(false))
  })
  clearTimeout(timer)
  ready.destroy()
  const words = said()
  if (!isReady) throw new Error(`the jail was not closed: ${words}`)
}

function lastWords(stderr: Readable | null): () => string {
  let said = ''
  const take = (chunk: Buffer) => void (said = (said + chunk.toString()).slice(-2000))
  stderr?.on('data', take)
  return () => {
    stderr?.off('data', take).pause()
    return said
  }
}

/** Until the client or the program has said all. @returns what was still open when the client left */
async function converse({ stdin, stdout, stderr, gone }: Request, child: Child): Promise<readonly OpenFile[]> {
  if (child.stdin === null || child.stdout === null || child.stderr === null) throw new Error('no pipes')
  child.stdin.on('error', () => undefined)
  child.stdout.on('error', () => undefined).pipe(stdout, { end: false })
  child.stderr.on('error', () => undefined).pipe(stderr, { end: false })
  stdin.pipe(child.stdin, { end: false })
  const programEnds = new Promise<void>((resolve) => child.once('exit', () => resolve()))
  const clientEnds = finished(stdin, { writable: false }).catch(() => undefined)
  await Promise.race([programEnds, clientEnds])
  const open = await whenIdle(child)
  if (gone.aborted) drop(child)
  child.stdin.end()
  const timer = setTimeout(() => killGroup(child.pid), endLimitMs)
  child.once('exit', () => clearTimeout(timer))
  return open
}

/** Nobody reads its answers any more: they must not keep it from its end. */
function drop({ stdout, stderr }: Child): void {
  for (const stream of [stdout, stderr]) stream?.unpipe().resume()
}

/** None once it has ended: its number may be another's. */
function processesOf({ pid, exitCode, signalCode }: Child): number[] {
  return pid === undefined || exitCode !== null || signalCode !== null ? [] : processesBelow(pid)
}

async function whenIdle(child: Child): Promise<readonly OpenFile[]> {
  const look = () => processesOf(child).map(progressOf).join('|')
  for (let before = look(), looks = 0; looks < mostIdleLooks && child.exitCode === null; looks++) {
    await new Promise((resolve) => setTimeout(resolve, idleLookMs))
    const now = look()
    if (now === before && !/(^|\|)[RD] /.test(now)) break
    before = now
  }
  return processesOf(child).flatMap(filesOpenForWriting)
}
