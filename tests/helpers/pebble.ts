// A real ACME server (Debian's pebble) and the DNS that it believes (pebble-challtestsrv), on ports of their own.
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { execOk } from '../../src/lib/exec.ts'
import { startNameServer } from './name-server.ts'
import { freePort, listens } from './ports.ts'
import { startServer } from './server-process.ts'

export interface Pebble {
  readonly directory: string
  /** Of the CA of its own HTTPS. */
  readonly caFile: string
  readonly keyFile: string
  /** Of the CA that signs the certificates it issues. */
  readonly rootFile: string
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
  const port = await freePort()
  const rootsPort = await freePort()
  const [caFile, keyFile] = [join(scratch, 'pebble.pem'), join(scratch, 'pebble.key')]
  const rootFile = join(scratch, `pebble-root-${port}.pem`)
  await makeOwnCertificate(caFile, keyFile)
  const settings = {
    listenAddress: `127.0.0.1:${port}`,
    managementListenAddress: `127.0.0.1:${rootsPort}`,
    certificate: caFile,
    privateKey: keyFile,
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
  const names = stack.use(await startNameServer())
  const dns = options.dns ?? names.address
  const server = stack.use(
    await startServer({
      file: 'pebble',
      args: ['-config', config, '-dnsserver', dns, '-strict'],
      env: { PEBBLE_VA_NOSLEEP: '1', PEBBLE_WFE_NONCEREJECT: '20', PEBBLE_AUTHZREUSE: '0', ...env },
      ready: async () => (await listens(port)) && (await listens(rootsPort)),
    }),
  )
  const roots = `https://localhost:${rootsPort}/roots/0`
  await execOk('curl', ['-sSf', '--cacert', caFile, '-o', rootFile, roots])
  const owned = stack.move()
  return {
    directory: `https://localhost:${port}/dir`,
    ...{ caFile, keyFile, rootFile },
    dns,
    managementUrl: names.managementUrl,
    output: server.output,
    tell: (action, body) => names.tell(action, body),
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
