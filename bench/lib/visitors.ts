// Visitors of one site while it is deployed again and again: some ask all the time over kept-alive connections, some download
// slowly. Each answer must be a whole one, of one release, and of none older than what was live when it was asked for.
import { once } from 'node:events'
import type { IncomingMessage } from 'node:http'
import { setTimeout as delay } from 'node:timers/promises'
import type { Files } from '../../tests/helpers/working-copy.ts'
import { KeepAlive } from './keep-alive.ts'

const pageLines = 200
const downloadLines = 400_000
/** A download changes with every so many releases: it has to be large, and the pushes are to be many. */
const releasesADownload = 10
const lineBytes = 'release 00000\n'.length
const downloadBytesPerSecond = 1_500_000

/** The files of a release: each line of each says which one it is. */
export function release(number: number): Files {
  return {
    'index.html': lines(number, pageLines),
    'download.bin': lines(downloadOf(number), downloadLines),
  }
}

function downloadOf(number: number): number {
  return number - (number % releasesADownload)
}

function lines(number: number, count: number): string {
  return `release ${String(number).padStart(5, '0')}\n`.repeat(count)
}

export interface Tally {
  answers: number
  downloads: number
  /** What was wrong, one entry a response. */
  readonly wrong: string[]
}

/** What is known about the releases while they change. */
export interface Progress {
  /** Known to be live: its push has said so. */
  live: number
  /** The latest that may be live: its push has begun. */
  begun: number
}

interface Visit {
  readonly port: number
  readonly host: string
  readonly progress: Readonly<Progress>
  readonly tally: Tally
  readonly ended: AbortSignal
}

/** Resolves when all have left, after `ended`. A download under way is finished. */
export async function visit(
  visit: Visit,
  { readers, downloaders }: { readers: number; downloaders: number },
): Promise<void> {
  await Promise.all([
    ...Array.from({ length: readers }, () => repeat(visit, readPage)),
    ...Array.from({ length: downloaders }, () => repeat(visit, download)),
  ])
}

type Asking = (connection: KeepAlive, visit: Visit) => Promise<void>

async function repeat(visit: Visit, asking: Asking): Promise<void> {
  const connection = new KeepAlive(visit.port)
  while (!visit.ended.aborted) {
    await asking(connection, visit).catch((error: unknown) => visit.tally.wrong.push(String(error)))
    await delay(5)
  }
  connection.close()
}

async function readPage(connection: KeepAlive, { host, progress, tally }: Visit): Promise<void> {
  const oldest = progress.live
  const { status, body } = await connection.get({ host, path: '/' })
  tally.answers++
  check({ status, body, count: pageLines, oldest, latest: progress.begun })
}

async function download(connection: KeepAlive, { host, progress, tally }: Visit): Promise<void> {
  const oldest = downloadOf(progress.live)
  const response = await connection.open({ host, path: '/download.bin' })
  const body = await readSlowly(response)
  tally.downloads++
  const latest = downloadOf(progress.begun)
  check({ status: response.statusCode ?? 0, body, count: downloadLines, oldest, latest })
}

/** Reads no faster than a poor line; what is not read yet waits in nginx. */
async function readSlowly(response: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = []
  const ended = once(response, 'end')
  ended.catch(() => undefined)
  while (!response.readableEnded) {
    const chunk = response.read() as Buffer | null
    if (chunk === null) {
      await Promise.race([once(response, 'readable'), ended])
      continue
    }
    chunks.push(chunk)
    await delay((chunk.length / downloadBytesPerSecond) * 1000)
  }
  return Buffer.concat(chunks)
}

interface Answer {
  readonly status: number
  readonly body: Buffer
  readonly count: number
  readonly oldest: number
  readonly latest: number
}

/** @throws Error that says what is wrong */
function check({ status, body, count, oldest, latest }: Answer): void {
  if (status !== 200) throw new Error(`status ${status}`)
  if (body.length !== count * lineBytes) throw new Error(`${body.length} bytes of ${count * lineBytes}`)
  const number = Number(body.toString('latin1', 'release '.length, lineBytes))
  if (!body.equals(Buffer.from(lines(number, count)))) throw new Error(`mixed, from release ${number} on`)
  if (number < oldest || number > latest) throw new Error(`release ${number}, and not one of ${oldest} to ${latest}`)
}
