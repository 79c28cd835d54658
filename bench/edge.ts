// A 10 kB file over kept-alive connections: from the edge tree, and through an instance, each beside a bare nginx with the file.
import { chmod, mkdtemp, rename, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { loadConfig } from '../src/config/load.ts'
import { edgePaths } from '../src/edge/edge-paths.ts'
import { findMaster } from '../src/edge/nginx-process.ts'
import { createEdge } from '../src/edge/nginx.ts'
import { systemClock } from '../src/lib/clock.ts'
import { silentLog } from '../src/lib/log.ts'
import { addEdgeSite } from './lib/edge-site.ts'
import { interleave, type Pair } from './lib/interleave.ts'
import { type Goal, type Result, resultOf } from './lib/result.ts'
import { startBareNginx, startInstanceNginx } from './lib/nginx.ts'
import { familyOf, processorTimeOf } from './lib/processes.ts'
import { type Load, measureLoad } from './lib/wrk.ts'

export const name = 'edge'

const port = 18_080
const barePort = 18_081
// Many short rounds: on a busy machine the median of neighbours says more than few long ones.
const rounds = 21
const seconds = 1

export async function run(): Promise<Result[]> {
  const directory = await mkdtemp('/tmp/bench-edge-')
  await chmod(directory, 0o711)
  const config = loadConfig({
    flags: {
      home: join(directory, 'home'),
      'run-link': join(directory, 'l'),
      'http-port': String(port),
      'https-port': '18443',
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
  const fromTree = await addEdgeSite('tree.example.org', { config, edge })
  const fromInstance = await addEdgeSite('instance.example.org', { config, edge })
  await rename(join(fromInstance.release, 'edge/file.html'), join(fromInstance.release, 'ruled/file.html'))
  const bare = await startBareNginx({ port: barePort, root: join(fromTree.release, 'edge') })
  stack.defer(() => bare.stop())
  const instance = await startInstanceNginx(fromInstance)
  stack.defer(() => instance.stop())
  const master = await findMaster(edgePaths(config.home))
  if (master === undefined) throw new Error('the edge does not run')
  return [
    ...(await compare('edge tree, 10 kB', {
      host: fromTree.host,
      goal: { atLeast: 0.85 },
      value: [master],
      floor: [bare.pid],
    })),
    ...(await compare('through the instance, 10 kB', {
      host: fromInstance.host,
      goal: { atLeast: 0.35 },
      value: [master, instance.pid],
      floor: [bare.pid],
    })),
  ]
}

interface Compared {
  readonly host: string
  readonly goal: Goal
  /** The masters of those who answer, here and at the floor. */
  readonly value: readonly number[]
  readonly floor: readonly number[]
}

async function compare(what: string, { host, goal, value, floor }: Compared): Promise<Result[]> {
  const pairs = await interleave(rounds, {
    value: () => measure(port, host, value),
    floor: () => measure(barePort, host, floor),
  })
  return [
    resultOf({ name: `${what}: requests`, unit: '/s', goal, runs: runsOf(pairs, (load) => load.requestsPerSecond) }),
    resultOf({ name: `${what}: 99 % answered within`, unit: 'ms', runs: runsOf(pairs, (load) => load.p99Ms) }),
    resultOf({ name: `${what}: processor time of a request`, unit: 'µs', runs: runsOf(pairs, (load) => load.costUs) }),
  ]
}

type Measured = Load & { readonly costUs: number }

async function measure(at: number, host: string, masters: readonly number[]): Promise<Measured> {
  const pids = (await Promise.all(masters.map(familyOf))).flat()
  const before = await processorTimeOf(pids)
  const load = await measureLoad(`http://127.0.0.1:${at}/file.html`, { host, seconds })
  return { ...load, costUs: ((await processorTimeOf(pids)) - before) / load.requests }
}

function runsOf(pairs: readonly Pair<Measured>[], of: (load: Measured) => number) {
  return pairs.map(({ value, floor }) => ({ value: of(value), floor: of(floor) }))
}
