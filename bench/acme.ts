// A domain added to a site of a whole daemon → answered by its nginx over HTTPS, against a Pebble that validates at once; what of it is the
// order itself; and that with ten thousand names beside ten: planning and adding one must cost the same.
import { rm } from 'node:fs/promises'
import { type Rig, startRig } from '../tests/helpers/certificates-rig.ts'
import { scratchDirectory } from '../tests/helpers/paths.ts'
import { startPebble } from '../tests/helpers/pebble.ts'
import { Platform } from '../tests/helpers/platform.ts'
import { freePort } from '../tests/helpers/ports.ts'
import { curl } from '../tests/helpers/tls.ts'
import { until } from '../tests/helpers/until.ts'
import { interleave } from './lib/interleave.ts'
import { type Result, resultOf } from './lib/result.ts'

export const name = 'acme'

const rounds = 21
const few = 10
const many = 10_000

export async function run(): Promise<Result[]> {
  const whole = await wholeDaemon()
  await using stack = new AsyncDisposableStack()
  const [small, large] = [await rigOf(few, stack), await rigOf(many, stack)]
  let made = 0
  const served = (rig: Rig) => timed(() => wantAndWait(rig, `n${made++}.d${made}.example`))
  const runs = await interleave(rounds, { value: () => served(large), floor: () => served(small) })
  const alone = runs.map(({ floor }) => ({ value: floor }))
  return [
    resultOf({ name: 'domains:add → answered over HTTPS', unit: 'ms', goal: { atMost: 2000 }, runs: whole }),
    resultOf({ name: 'name wanted → HTTPS served', unit: 'ms', goal: { atMost: 2000 }, runs: alone }),
    resultOf({ name: 'the 10,000th name beside the 10th', unit: 'ms', goal: { atMost: 1.1 }, runs }),
  ]
}

/** As its owner sees it: from the moment the command is typed to the first answer, with the certificate of the CA. */
async function wholeDaemon(): Promise<{ value: number }[]> {
  await using stack = new AsyncDisposableStack()
  const scratch = await scratchDirectory('bench-acme')
  stack.defer(() => rm(scratch, { recursive: true, force: true }))
  const platform = stack.use(await Platform.prepare())
  const { httpPort } = platform
  const pebble = stack.use(await startPebble({ scratch, httpPort, env: { PEBBLE_WFE_NONCEREJECT: '0' } }))
  const flags = {
    ...{ 'acme-directory': pebble.directory, 'acme-ca-file': pebble.caFile, 'dns-resolvers': pebble.dns },
    ...{ 'public-addresses': '127.0.0.1', 'public-http-port': String(httpPort) },
  }
  await platform.start({ flags })
  await platform.admin.ssh('create demo')
  const runs: { value: number }[] = []
  for (let round = 0; round <= rounds; round++) {
    const added = `d${round}.example`
    const url = `https://${added}:${platform.httpsPort}/`
    const value = await timed(async () => {
      await platform.admin.ssh(`domains:add demo ${added}`)
      await until(`${added} to answer`, async () => (await curl(url, pebble.rootFile)).status > 0)
    })
    // The first one finds everything cold.
    if (round > 0) runs.push({ value })
  }
  return runs
}

async function rigOf(names: number, stack: AsyncDisposableStack): Promise<Rig> {
  const scratch = await scratchDirectory('bench-acme')
  stack.defer(() => rm(scratch, { recursive: true, force: true }))
  const httpPort = await freePort()
  const pebble = stack.use(await startPebble({ scratch, httpPort, env: { PEBBLE_WFE_NONCEREJECT: '0' } }))
  const flags = { 'acme-directory': pebble.directory, 'acme-ca-file': pebble.caFile, 'dns-resolvers': pebble.dns }
  const rig = stack.use(await startRig({ scratch, httpPort, flags }))
  const later = new Date(Date.now() + 86_400_000).toISOString()
  const site = await rig.addSite('bench.example')
  await rig.store.transaction(async (inside) => {
    const all = Array.from({ length: names }, (_, index) => `s${index}.example`)
    for (const each of all) await inside.wantedNames.add(each, site.id)
    for (const each of all) await inside.wantedNames.update([each], { next_at: later })
  })
  await rig.certificates.start()
  await wantAndWait(rig, 'first.example')
  return rig
}

async function wantAndWait(rig: Rig, wanted: string): Promise<void> {
  await rig.certificates.want(await rig.addSite(wanted), wanted)
  await until(`${wanted} to be served`, async () => (await rig.tls.list()).has(wanted))
}

async function timed(work: () => Promise<void>): Promise<number> {
  const began = performance.now()
  await work()
  return performance.now() - began
}
