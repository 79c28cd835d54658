// The wake socket: nginx asks here for a site whose instance doesn't answer. Either the request is sent on, or a page says why not.
import { chmod, rm } from 'node:fs/promises'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { Clock } from '../lib/clock.ts'
import { systemClock } from '../lib/clock.ts'
import type { Log } from '../lib/log.ts'
import { domainNameSchema } from '../names/domain-name.ts'
import { type PageName, type Pages, readPages, renderPage } from './pages.ts'
import type { WakeOutcome, Waker } from './types.ts'
import { createWakeQueue, type WakeQueue } from './wake-queue.ts'

/** Requests that may wait at once; each holds a connection of nginx. More get the page "starting". */
const mostWaiting = 512

export interface WakeServer {
  close(): Promise<void>
}

export interface WakeServerOptions {
  /** edgePaths(home).wakeSocket; the directory's group becomes the socket's (access.ts). */
  readonly path: string
  readonly waker: Waker
  readonly log: Log
  readonly clock?: Clock
  /** How long a request waits for an instance before it gets the page "starting". */
  readonly timeoutMs?: number
}

export async function startWakeServer(options: WakeServerOptions): Promise<WakeServer> {
  const { path, waker, log, clock = systemClock, timeoutMs = 10_000 } = options
  const pages = await readPages()
  const queue = createWakeQueue({ waker, log, clock, timeoutMs })
  const server = createServer({ requestTimeout: 5000 }, (request, response) => {
    answer(request, { response, queue, pages }).catch((error: unknown) => {
      log.error({ err: error }, 'a wake request could not be answered')
      response.destroy()
    })
  })
  await rm(path, { force: true })
  await new Promise<void>((resolve, reject) => server.once('error', reject).listen(path, resolve))
  await chmod(path, 0o660)
  return {
    async close() {
      const closed = new Promise((resolve) => server.close(resolve))
      server.closeAllConnections()
      await closed
    },
  }
}

interface Answering {
  readonly response: ServerResponse
  readonly queue: WakeQueue
  readonly pages: Pages
}

async function answer(request: IncomingMessage, { response, queue, pages }: Answering): Promise<void> {
  request.resume()
  // GET /<site>, made by nginx from the name that it asked the routing tree for: nothing of it comes from a client as it is.
  const site = domainNameSchema.safeParse(request.url?.slice(1))
  const outcome = site.success ? await outcomeFor(site.data, queue) : ({ kind: 'no-site' } as const)
  if (outcome.kind === 'resume') return void response.setHeader('X-Accel-Redirect', '@resume').end()
  const { status, page, retryAfter } = answers[outcome.kind]
  response.writeHead(status, {
    'Content-Type': 'text/html; charset=utf-8',
    'Cache-Control': 'no-store',
    ...(retryAfter === undefined ? {} : { 'Retry-After': retryAfter }),
  })
  response.end(renderPage(pages[page], site.data ?? ''))
}

async function outcomeFor(site: string, queue: WakeQueue): Promise<WakeOutcome> {
  return queue.waiting >= mostWaiting ? { kind: 'starting' } : await queue.wake(site)
}

interface Answer {
  readonly status: number
  readonly page: PageName
  /** Seconds. */
  readonly retryAfter?: number
}

const answers: Readonly<Record<Exclude<WakeOutcome['kind'], 'resume'>, Answer>> = {
  'no-site': { status: 404, page: 'no-such-site' },
  'not-deployed': { status: 503, page: 'not-deployed' },
  starting: { status: 503, page: 'starting', retryAfter: 2 },
  stopped: { status: 503, page: 'stopped', retryAfter: 3600 },
  failed: { status: 503, page: 'failed', retryAfter: 30 },
}
