// A process that hosts nothing but the SSH door and the local one, for tests that watch its memory or throw garbage at it. Prints its
// port, then its memory in kB (the peak, and now) on SIGUSR2. Arguments: keys=FINGERPRINT|KEY,… and any flag of the configuration.
import { once } from 'node:events'
import { setTimeout as delay } from 'node:timers/promises'
import { openLogins } from '../../src/access/logins/open.ts'
import { loadConfig } from '../../src/config/load.ts'
import { splitCommandLine } from '../../src/gateway/command-line.ts'
import { startLocalDoor } from '../../src/gateway/local/door.ts'
import type { Handlers, Request } from '../../src/gateway/session.ts'
import { startSshDoor } from '../../src/gateway/ssh/door.ts'
import { ensureHostKeys } from '../../src/gateway/ssh/host-keys.ts'
import { systemClock } from '../../src/lib/clock.ts'
import { createLog } from '../../src/lib/log.ts'
import { openStore } from '../../src/store/store.ts'

const chunk = Buffer.alloc(64 * 1024)

const commands: Record<string, (request: Request, words: string[]) => Promise<number>> = {
  async zeros({ stdout }, [bytes]) {
    for (let sent = 0; sent < Number(bytes); sent += chunk.length) await write(stdout, chunk)
    return 0
  },
  async count({ stdin, stdout }) {
    let bytes = 0
    for await (const data of stdin as AsyncIterable<Buffer>) bytes += data.length
    stdout.write(`${bytes}\n`)
    return 0
  },
  async both({ stdout, stderr }, [bytes]) {
    const flood = async (stream: Request['stdout'], fill: string) => {
      const piece = Buffer.alloc(64 * 1024, fill)
      for (let sent = 0; sent < Number(bytes); sent += piece.length) await write(stream, piece)
    }
    await flood(stdout, 'o')
    await flood(stderr, 'e')
    await Promise.all([flood(stdout, 'o'), flood(stderr, 'e')])
    return 0
  },
  async cat({ stdin, stdout }) {
    for await (const data of stdin as AsyncIterable<Buffer>) await write(stdout, data)
    return 0
  },
  async slowly({ stdin }) {
    for await (const data of stdin as AsyncIterable<Buffer>) await delay(data.length / 1000)
    return 0
  },
  async exit(_request, [status]) {
    return Number(status)
  },
  async sleep({ gone, stdout }, [seconds]) {
    stdout.write('sleeping\n')
    await delay(Number(seconds) * 1000, undefined, { signal: gone }).catch(() => undefined)
    stdout.write(gone.aborted ? 'interrupted\n' : 'slept\n')
    return gone.aborted ? 130 : 0
  },
  async show({ account, terminal, gitProtocol, fingerprint, stdout }, words) {
    stdout.write(`${JSON.stringify({ account: account.name, terminal, gitProtocol, fingerprint, words })}\n`)
    return 0
  },
  async forget({ fingerprint }) {
    await store.keys.remove(fingerprint ?? '')
    return 0
  },
  async throw() {
    throw new Error('on purpose')
  },
}

async function write(stream: Request['stdout'], data: Buffer): Promise<void> {
  if (stream.write(data) || stream.destroyed) return
  const ready = new AbortController()
  await Promise.race(['drain', 'close'].map((event) => once(stream, event, ready)))
  ready.abort()
}

const handlers: Handlers = {
  async exec(request, commandLine) {
    const [name = '', ...words] = splitCommandLine(commandLine)
    const status = (await commands[name]?.(request, words)) ?? 2
    log.debug({ command: name, gone: request.gone.aborted, status }, 'ended')
    return status
  },
  async shell({ stdout }) {
    stdout.write('welcome\n')
    return 0
  },
  async subsystem({ stderr }, name) {
    stderr.write(`no ${name}\n`)
    return 1
  },
}

const flags = Object.fromEntries(process.argv.slice(2).map((flag) => flag.split('=') as [string, string]))
const { keys: keyLines = '', ...options } = flags
const config = loadConfig({ flags: { 'ssh-port': '0', ...options }, env: {} })
const store = await openStore(':memory:', systemClock)
const account = await store.accounts.add('ada', 'admin')
for (const line of keyLines.split(',').filter(Boolean)) {
  const [fingerprint = '', public_key = ''] = line.split('|')
  await store.keys.add({ account_id: account.id, fingerprint, public_key, comment: '' })
}
const log = createLog(config['log-level'])
const hostKeys = await ensureHostKeys(config.home)
const { logins } = await openLogins({ store, clock: systemClock, log })
const door = await startSshDoor({ config, store, logins, handlers, log, clock: systemClock, hostKeys })

const local = await startLocalDoor({ path: config.home.controlSocket, handlers, store, log })

process.on('SIGUSR2', () =>
  process.stdout.write(`${process.resourceUsage().maxRSS} ${process.memoryUsage().rss >> 10}\n`),
)
process.on('SIGTERM', () => {
  void Promise.all([door.close(), local.close()]).then(() => process.exit(0))
})
process.stdout.write(`${door.port}\n`)
