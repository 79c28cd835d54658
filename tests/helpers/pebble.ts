// A real ACME server (Debian's pebble) and the DNS that it believes (pebble-challtestsrv), on ports of their own.
import { writeFile } from 'node:fs/promises'
import { connect } from 'node:net'
import { join } from 'node:path'
import { execOk } from '../../src/lib/exec.ts'
import { freePort } from './ports.ts'
import { startServer } from './server-process.ts'

export interface Pebble {
  readonly directory: string
  /** Of the CA of its own HTTPS. */
  readonly caFile: string
  /** Where both look names up. */
  readonly dns: string
  /** POST to challtestsrv: `set-default-ipv4`, `add-a`, `set-txt` … */
  tell(action: string, body: Readonly<Record<string, unknown>>): Promise<void>
  readonly managementUrl: string
  output(): string
  [Symbol.asyncDispose](): Promise<void>
}

export interface PebbleOptions {
  readonly scratch: string
  /** Where it fetches tokens. */
  readonly httpPort: number
  readonly env?: Readonly<Record<string, string>>
  /** kid → HMAC key: external accounts are required then. */
  readonly externalAccounts?: Readonly<Record<string, string>>
  /** Another name server than challtestsrv. */
  readonly dns?: string
}

export async function startPebble(options: PebbleOptions): Promise<Pebble> {
  const { scratch, httpPort, env = {}, externalAccounts } = options
  const [port, managementPort, dnsPort] = [await freePort(), await freePort(), await freePort()]
  const caFile = join(scratch, 'pebble.pem')
  await makeOwnCertificate(caFile, join(scratch, 'pebble.key'))
  const settings = {
    listenAddress: `127.0.0.1:${port}`,
    managementListenAddress: '',
    certificate: caFile,
    privateKey: join(scratch, 'pebble.key'),
    httpPort,
    tlsPort: 1,
    ocspResponderURL: '',
    domainBlocklist: ['blocked.example'],
    externalAccountBindingRequired: externalAccounts !== undefined,
    ...(externalAccounts === undefined ? {} : { externalAccountMACKeys: externalAccounts }),
  }
  const config = join(scratch, `pebble-${port}.json`)
  await writeFile(config, JSON.stringify({ pebble: settings }))

  await using stack = new AsyncDisposableStack()
  const managementUrl = `http://127.0.0.1:${managementPort}`
  stack.use(
    await startServer({
      file: 'pebble-challtestsrv',
      args: [
        ...['-dns01', `127.0.0.1:${dnsPort}`, '-management', `127.0.0.1:${managementPort}`, '-defaultIPv6', ''],
        ...['-http01', '', '-https01', '', '-tlsalpn01', ''],
      ],
      ready: () => listens(managementPort),
    }),
  )
  const dns = options.dns ?? `127.0.0.1:${dnsPort}`
  const server = stack.use(
    await startServer({
      file: 'pebble',
      args: ['-config', config, '-dnsserver', dns, '-strict'],
      env: { PEBBLE_VA_NOSLEEP: '1', PEBBLE_WFE_NONCEREJECT: '20', PEBBLE_AUTHZREUSE: '0', ...env },
      ready: () => listens(port),
    }),
  )
  const owned = stack.move()
  return {
    directory: `https://localhost:${port}/dir`,
    caFile,
    dns,
    managementUrl,
    output: server.output,
    async tell(action, body) {
      const answer = await fetch(`${managementUrl}/${action}`, { method: 'POST', body: JSON.stringify(body) })
      if (!answer.ok) throw new Error(`challtestsrv answered ${answer.status} to ${action}`)
    },
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  }
}

async function makeOwnCertificate(certificate: string, key: string): Promise<void> {
  const names = 'subjectAltName=DNS:localhost,IP:127.0.0.1'
  const curve = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes']
  await execOk('openssl', [
    ...['req', '-x509', ...curve, '-keyout', key, '-out', certificate, '-subj', '/CN=pebble', '-addext', names],
  ])
}

export async function listens(port: number): Promise<boolean> {
  return await new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1')
    socket.once('connect', () => {
      socket.destroy()
      resolve(true)
    })
    socket.once('error', () => resolve(false))
  })
}
