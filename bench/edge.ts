// A 10 kB file over kept-alive connections: from the edge tree, and through an instance, each beside a bare nginx with the file.
import { chmod, mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { instancePath, releasePath } from '../src/config/home.ts'
import { type Config, loadConfig } from '../src/config/load.ts'
import { ensureSiteLogs } from '../src/edge/access.ts'
import { createEdge, type NginxEdge } from '../src/edge/nginx.ts'
import { systemClock } from '../src/lib/clock.ts'
import { createId } from '../src/lib/id.ts'
import { silentLog } from '../src/lib/log.ts'
import { type HostName, parseHostName } from '../src/names/host-name.ts'
import { startBareNginx } from './lib/bare-nginx.ts'
import { interleave, type Pair } from './lib/interleave.ts'
import { type Goal, type Result, resultOf } from './lib/result.ts'
import { type Load, measureLoad } from './lib/wrk.ts'

export const name = 'edge'

const port = 18_080
const barePort = 18_081
// Many short rounds: on a busy machine the median of neighbours says more than few long ones.
const rounds = 15
const seconds = 1
const fileBytes = 10_240

export async function run(): Promise<Result[]> {
  const directory = await mkdtemp('/tmp/bench-edge-')
  await chmod(directory, 0o711)
  const config = loadConfig({
    flags: {
      home: join(directory, 'home'),
      'run-link': join(directory, 'l'),
      'http-port': String(port),
      // One client stands for all the visitors of a server.
      'request-rate': '0',
    },
    env: {},
  })
  const edge = createEdge({ config, clock: systemClock, log: silentLog })
  await using stack = new AsyncDisposableStack()
  stack.defer(() => rm(directory, { recursive: true, force: true }))
  stack.defer(() => edge.stop())
  await edge.start()
  const fromTree = await addSite('tree.example.org', { config, edge })
  const fromInstance = await addSite('instance.example.org', { config, edge })
  const { root } = fromTree
  for (const options of [
    { listen: `${barePort} reuseport`, root, workers: 'auto', accessLog: true },
    { listen: `unix:${fromInstance.socket}`, root, workers: 1, accessLog: false },
  ] as const) {
    const nginx = await startBareNginx({ ...options, listen: options.listen.replace(' reuseport', '') })
    stack.defer(() => nginx.stop())
  }
  await rm(fromInstance.root, { recursive: true })
  return [
    ...(await compare('edge tree, 10 kB', fromTree.host, { atLeast: 0.85 })),
    ...(await compare('through the instance, 10 kB', fromInstance.host, { atLeast: 0.35 })),
  ]
}

interface BenchSite {
  readonly host: HostName
  readonly root: string
  readonly socket: string
}

async function addSite(text: string, { config, edge }: { config: Config; edge: NginxEdge }): Promise<BenchSite> {
  const host = parseHostName(text)
  const id = createId()
  const root = join(releasePath(config.home, host, createId()), 'edge')
  const instance = instancePath(config.home, id)
  await mkdir(root, { recursive: true })
  await writeFile(join(root, 'file.html'), Buffer.alloc(fileBytes, 'abcdefgh'))
  await mkdir(join(instance, 'run'), { recursive: true })
  await ensureSiteLogs(config.home, host)
  await symlink(root, join(instance, 'edge'))
  await symlink(join('../../logs', host), join(instance, 'log'))
  await edge.routes.point(host, id)
  return { host, root, socket: join(config.home.link, 'instances', id, 'run/web.sock') }
}

async function compare(what: string, host: string, goal: Goal): Promise<Result[]> {
  const pairs = await interleave(rounds, {
    value: () => measureLoad(`http://127.0.0.1:${port}/file.html`, { host, seconds }),
    floor: () => measureLoad(`http://127.0.0.1:${barePort}/file.html`, { host, seconds }),
  })
  return [
    resultOf({ name: `${what}: requests`, unit: '/s', goal, runs: runsOf(pairs, (load) => load.requestsPerSecond) }),
    resultOf({ name: `${what}: 99 % answered within`, unit: 'ms', runs: runsOf(pairs, (load) => load.p99Ms) }),
  ]
}

function runsOf(pairs: readonly Pair<Load>[], measure: (load: Load) => number) {
  return pairs.map(({ value, floor }) => ({ value: measure(value), floor: measure(floor) }))
}
