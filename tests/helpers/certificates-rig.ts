// Certificates on a home of their own, with a small edge: one HTTP server for tokens, one TLS server that reads the tree at each handshake.
import { readFile } from 'node:fs/promises'
import { createServer as createHttpServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { basename, join } from 'node:path'
import { createSecureContext, createServer as createTlsServer } from 'node:tls'
import { createCertificates } from '../../src/certs/certificates.ts'
import type { CertificatesOptions } from '../../src/certs/parts.ts'
import type { CertificateFacts, Certificates, SiteOfName } from '../../src/certs/types.ts'
import { type Config, loadConfig } from '../../src/config/load.ts'
import { type TlsTree, tlsTreeIn } from '../../src/edge/tls-tree.ts'
import { systemClock } from '../../src/lib/clock.ts'
import { createLog } from '../../src/lib/log.ts'
import { createSealing } from '../../src/lib/sealing.ts'
import { openStore, type Store } from '../../src/store/store.ts'
import { until } from './until.ts'

export interface Rig {
  readonly config: Config
  readonly store: Store
  readonly tls: TlsTree
  readonly httpPort: number
  readonly tlsPort: number
  readonly certificates: Certificates
  addSite(name: string): Promise<SiteOfName>
  /** Waits for a certificate. @throws what stands in its way */
  served(name: string): Promise<CertificateFacts>
  /** Another daemon on the same home. The first one's is to be stopped. */
  another(options?: Partial<CertificatesOptions>): Certificates
  [Symbol.asyncDispose](): Promise<void>
}

export interface RigOptions {
  readonly scratch: string
  readonly httpPort: number
  readonly flags: Readonly<Record<string, string>>
  readonly options?: Partial<CertificatesOptions>
}

/** The platform's own sealing key lies in its home; a test's is always the same. */
export const rigSealing = createSealing(Buffer.alloc(32, 7))

export async function startRig({ scratch, httpPort, flags, options = {} }: RigOptions): Promise<Rig> {
  const config = loadConfig({
    flags: {
      home: join(scratch, 'home'),
      'public-addresses': '127.0.0.1',
      'public-http-port': String(httpPort),
      ...flags,
    },
    env: {},
  })
  const { challenges, tls: tree } = config.home
  await using stack = new AsyncDisposableStack()
  const web = createHttpServer((request, answer) => {
    readFile(join(challenges, basename(request.url ?? '')), 'utf8').then(
      (text) => answer.end(text),
      () => answer.writeHead(404).end(),
    )
  })
  await new Promise<void>((resolve) => web.listen(httpPort, '127.0.0.1', resolve))
  stack.defer(() => void web.close())
  const door = createTlsServer({
    SNICallback: (name, done) => {
      contextFor(join(tree, name))
        .catch(() => contextFor(join(tree, name.replace(/^[^.]+/, '*'))))
        .then(
          (context) => done(null, context),
          (error: unknown) => done(error instanceof Error ? error : new Error('no certificate')),
        )
    },
  }).on('tlsClientError', () => undefined)
  await new Promise<void>((resolve) => door.listen(0, '127.0.0.1', resolve))
  stack.defer(() => void door.close())
  const tlsPort = portOf(door.address())

  const store = await openStore(join(scratch, 'hosting.db'), options.clock ?? systemClock)
  stack.defer(() => store.close())
  const tls = tlsTreeIn(config.home, () => Promise.resolve())
  await tls.clean()
  const created: Certificates[] = []
  const another = (changed: Partial<CertificatesOptions> = {}) => {
    const made = createCertificates({
      ...{
        config,
        store,
        sealing: rigSealing,
        clock: systemClock,
        log: createLog('error'),
        tls,
        door: { host: '127.0.0.1', port: tlsPort },
      },
      ...options,
      ...changed,
    })
    created.push(made)
    return made
  }
  const owned = stack.move()
  const certificates = another()
  return {
    ...{ config, store, tls, httpPort, tlsPort, certificates, another },
    served: (name) =>
      until(`${name} to be served`, async () => {
        const status = await certificates.find(name)
        if (status?.reason !== undefined) throw new Error(status.reason)
        return status?.certificate
      }),
    async addSite(name) {
      const accounts = await store.accounts.list()
      const owner = accounts[0] ?? (await store.accounts.add('owner', 'admin'))
      const site = await store.sites.add({ name, ownerId: owner.id, branch: 'main' })
      await store.domains.add(name, site.id)
      return site
    },
    async [Symbol.asyncDispose]() {
      await Promise.all(created.map((each) => each.stop()))
      await owned.disposeAsync()
    },
  }
}

async function contextFor(directory: string) {
  const [cert, key] = await Promise.all([
    readFile(join(directory, 'fullchain.pem')),
    readFile(join(directory, 'privkey.pem')),
  ])
  return createSecureContext({ cert, key })
}

function portOf(address: string | AddressInfo | null): number {
  if (address === null || typeof address === 'string') throw new Error('not listening on a port')
  return address.port
}
