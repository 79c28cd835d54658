// A name server (pebble-challtestsrv) that says what a test tells it to.
import { freePort, listens } from './ports.ts'
import { startServer } from './server-process.ts'

export interface NameServer extends AsyncDisposable {
  readonly address: string
  readonly managementUrl: string
  /** `set-default-ipv4`, `add-a`, `set-txt` … */
  tell(action: string, body: Readonly<Record<string, unknown>>): Promise<void>
}

export async function startNameServer(): Promise<NameServer> {
  const [port, managementPort] = [await freePort(), await freePort()]
  const managementUrl = `http://127.0.0.1:${managementPort}`
  const server = await startServer({
    file: 'pebble-challtestsrv',
    args: [
      ...['-dns01', `127.0.0.1:${port}`, '-management', `127.0.0.1:${managementPort}`, '-defaultIPv6', ''],
      ...['-http01', '', '-https01', '', '-tlsalpn01', ''],
    ],
    ready: () => listens(managementPort),
  })
  return {
    address: `127.0.0.1:${port}`,
    managementUrl,
    async tell(action, body) {
      const answer = await fetch(`${managementUrl}/${action}`, { method: 'POST', body: JSON.stringify(body) })
      if (!answer.ok) throw new Error(`challtestsrv answered ${answer.status} to ${action}`)
    },
    [Symbol.asyncDispose]: () => server[Symbol.asyncDispose](),
  }
}
