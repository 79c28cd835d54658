// HTTPS beside a bare nginx with one fixed certificate: requests over kept-alive connections, handshakes, and adding one more name.
import { chmod, mkdtemp, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { certificateFilesIn } from '../src/certs/files.ts'
import { createTrialAuthority } from '../src/certs/local-ca/authority.ts'
import { type Config, loadConfig } from '../src/config/load.ts'
import { edgePaths } from '../src/edge/edge-paths.ts'
import { findEdgeUser } from '../src/edge/edge-user.ts'
import { findNginxFeatures } from '../src/edge/nginx-features.ts'
import { findMaster } from '../src/edge/nginx-process.ts'
import { createEdge, type NginxEdge } from '../src/edge/nginx.ts'
import { systemClock } from '../src/lib/clock.ts'
import { createId } from '../src/lib/id.ts'
import { silentLog } from '../src/lib/log.ts'
import { parseHostName } from '../src/names/host-name.ts'
import { addEdgeSite } from './lib/edge-site.ts'
import { findSession, makeHandshakes, type Server } from './lib/handshakes.ts'
import { interleave, type Pair } from './lib/interleave.ts'
import { startBareNginx } from './lib/nginx.ts'
import { familyOf, processorTimeOf } from './lib/processes.ts'
import { type Goal, type Result, resultOf } from './lib/result.ts'
import { measureLoad } from './lib/wrk.ts'

export const name = 'tls'

const [port, tlsPort, bareTlsPort] = [18_090, 18_490, 18_491]
const rounds = Number(process.env['BENCH_TLS_ROUNDS'] ?? 21)
const handshakesARound = 400
const manyNames = Number(process.env['BENCH_TLS_NAMES'] ?? 10_000)
const host = parseHostName('tree.example.org')
const baseDomain = 'example.org'

interface Measuring {
  readonly server: Server
  /** The master of the nginx that answers. */
  readonly master: number
}

export async function run(): Promise<Result[]> {
  const directory = await mkdtemp('/tmp/bench-tls-')
  await chmod(directory, 0o711)
  const config = loadConfig({
    flags: {
      home: join(directory, 'home'),
      'run-link': join(directory, 'l'),
      'http-port': String(port),
      'https-port': String(tlsPort),
      'request-rate': '0',
    },
    env: {},
  })
  const edge = createEdge({ config, clock: systemClock, log: silentLog })
  await using stack = new AsyncDisposableStack()
  stack.defer(() => rm(directory, { recursive: true, force: true }))
  stack.defer(() => edge.stop())
  await edge.start()
  const site = await addSite({ config, edge })
  const bare = await startBareNginx({ port: bareTlsPort, root: site.root, certificate: site.certificate })
  stack.defer(() => bare.stop())
  const master = await findMaster(edgePaths(config.home))
  if (master === undefined) throw new Error('the edge does not run')
  const value = { server: { port: tlsPort, name: host }, master }
  const floor = { server: { port: bareTlsPort, name: host }, master: bare.pid }
  return [
    ...(await compareRequests(value, floor)),
    await compareHandshakes('full handshakes', { value, floor, goal: await fullHandshakeGoal() }),
    await compareHandshakes('resumed handshakes', { value, floor, goal: { atLeast: 0.9 }, resumed: true }),
    await compareAdding({ config, edge, certificateId: site.certificateId }),
  ]
}

/** A newer nginx keeps certificates by variable in memory. */
async function fullHandshakeGoal(): Promise<Goal> {
  return { atLeast: (await findNginxFeatures()).certificateCache ? 0.9 : 0.35 }
}

async function addSite({ config, edge }: { config: Config; edge: NginxEdge }) {
  const { home } = config
  const { release } = await addEdgeSite(host, { config, edge })
  const parts = await createTrialAuthority({ home, baseDomain, clock: systemClock }).issue([`*.${baseDomain}`, host])
  const certificateId = createId()
  await certificateFilesIn(home, (await findEdgeUser(config['edge-user']))?.gid).write(certificateId, parts)
  await edge.tls.serve(host, certificateId)
  return { root: join(release, 'edge'), certificateId, certificate: join(home.certificates, certificateId) }
}

async function compareRequests(value: Measuring, floor: Measuring): Promise<Result[]> {
  const pairs = await interleave(rounds, { value: () => load(value), floor: () => load(floor) })
  const runs = (of: (measured: Awaited<ReturnType<typeof load>>) => number) => runsOf(pairs, of)
  return [
    resultOf({
      name: 'HTTPS, kept alive, 10 kB: requests',
      unit: '/s',
      goal: { atLeast: 0.95 },
      runs: runs(({ requestsPerSecond }) => requestsPerSecond),
    }),
    resultOf({
      name: 'HTTPS, kept alive, 10 kB: processor time of a request',
      unit: 'µs',
      runs: runs(({ costUs }) => costUs),
    }),
  ]
}

async function load({ server, master }: Measuring) {
  const pids = await familyOf(master)
  const before = await processorTimeOf(pids)
  const url = `https://${server.name}:${server.port}/file.html`
  const measured = await measureLoad(url, { host: server.name, seconds: 1, resolveHere: true })
  return { ...measured, costUs: ((await processorTimeOf(pids)) - before) / measured.requests }
}

interface Compared {
  readonly value: Measuring
  readonly floor: Measuring
  readonly goal: Goal
  readonly resumed?: boolean
}

/** By what they cost the server: one client makes fewer of them than a server can take. */
async function compareHandshakes(what: string, { value, floor, goal, resumed = false }: Compared): Promise<Result> {
  const measure = async ({ server, master }: Measuring) => {
    const session = resumed ? await findSession(server) : undefined
    const pids = await familyOf(master)
    const before = await processorTimeOf(pids)
    await makeHandshakes(handshakesARound, server, session)
    return (handshakesARound * 1e6) / ((await processorTimeOf(pids)) - before)
  }
  const pairs = await interleave(rounds, { value: () => measure(value), floor: () => measure(floor) })
  return resultOf({
    name: `${what} in a second of processor time`,
    unit: '/s',
    goal,
    runs: runsOf(pairs, (rate) => rate),
  })
}

interface Adding {
  readonly config: Config
  readonly edge: NginxEdge
  readonly certificateId: string
}

/** From "serve this name" to a handshake that succeeded, beside few names and beside many. */
async function compareAdding({ config, edge, certificateId }: Adding): Promise<Result> {
  const add = async (label: string) => {
    const added = parseHostName(`${label}.${baseDomain}`)
    const start = performance.now()
    await edge.routes.park(added)
    await edge.tls.serve(added, certificateId)
    await makeHandshakes(1, { port: config['https-port'], name: added })
    return performance.now() - start
  }
  const addSome = async (prefix: string) => {
    const times: number[] = []
    for (let index = 0; index < 3 * rounds; index += 1) times.push(await add(`${prefix}-${index}`))
    return times
  }
  await addSome('warm')
  const few = await addSome('few')
  for (let index = 0; index < manyNames; index += 1) {
    const filler = parseHostName(`site-${index}.${baseDomain}`)
    await edge.routes.park(filler)
    await edge.tls.serve(filler, certificateId)
  }
  const many = await addSome('many')
  return resultOf({
    name: `one more name served by HTTPS, beside ${manyNames}`,
    unit: 'ms',
    goal: { atMost: 1.1 },
    runs: many.map((value, index) => ({ value, floor: few[index] ?? value })),
  })
}

function runsOf<T>(pairs: readonly Pair<T>[], of: (measured: T) => number) {
  return pairs.map(({ value, floor }) => ({ value: of(value), floor: of(floor) }))
}
