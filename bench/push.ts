// From the start of `git push` until the change is seen: on the platform, with a container that is started and proven, beside
// plain Git over OpenSSH with a hook that checks out and renames a link.
import { startCompiled } from './lib/compiled-platform.ts'
import { startOpenSsh } from './lib/openssh.ts'
import { show, siteOnOpenSsh, siteOnPlatform } from './lib/pushed-site.ts'
import { type Result, resultOf } from './lib/result.ts'
import { largeSite, smallSite } from './lib/site-files.ts'
import { stepsOf } from './lib/steps.ts'
import { beside, takeTurns } from './lib/take-turns.ts'

export const name = 'push'

const rounds = 11
const largeRounds = 5

export async function run(): Promise<Result[]> {
  return [...(await measureSmall()), ...(await measureLarge())]
}

async function measureSmall(): Promise<Result[]> {
  await using stack = new AsyncDisposableStack()
  const cold = stack.use(await startCompiled({ sites: 10, flags: { 'warm-instances': '0' } }))
  const few = stack.use(await startCompiled({ sites: 10 }))
  const many = stack.use(await startCompiled({ sites: 1000 }))
  const most = stack.use(await startCompiled({ sites: 10_000 }))
  const server = stack.use(await startOpenSsh(few.admin))
  const files = smallSite()
  const sites = {
    few: await siteOnPlatform(few, files),
    floor: await siteOnOpenSsh(server, few),
    cold: await siteOnPlatform(cold, files),
    many: await siteOnPlatform(many, files),
    most: await siteOnPlatform(most, files),
  }
  const times = await takeTurns(sites, rounds)
  show(sites)
  return [
    resultOf({ name: '50 files', unit: 'ms', goal: { atMost: 1.2 }, runs: beside(times.cold, times.floor) }),
    ...(await stepsOf(cold, '50 files')),
    resultOf({ name: '50 files, warm', unit: 'ms', goal: { atMost: 0.6 }, runs: beside(times.few, times.floor) }),
    ...(await stepsOf(few, '50 files, warm')),
    resultOf({
      name: 'warm, 1,000 sites / 10',
      unit: 'ms',
      goal: { atMost: 1.1 },
      runs: beside(times.many, times.few),
    }),
    resultOf({
      name: 'warm, 10,000 sites / 10',
      unit: 'ms',
      goal: { atMost: 1.1 },
      runs: beside(times.most, times.few),
    }),
  ]
}

async function measureLarge(): Promise<Result[]> {
  await using stack = new AsyncDisposableStack()
  // Nothing is removed while this runs: on ext4 that slows down the making of files afterwards.
  const platform = stack.use(await startCompiled({ sites: 10, flags: { 'keep-releases': '100' } }))
  const server = stack.use(await startOpenSsh(platform.admin))
  const files = largeSite()
  const sites = {
    ours: await siteOnPlatform(platform, files),
    floor: await siteOnOpenSsh(server, platform),
  }
  const times = await takeTurns(sites, largeRounds)
  show(sites)
  return [
    resultOf({ name: '20,000 files', unit: 'ms', goal: { atMost: 0.5 }, runs: beside(times.ours, times.floor) }),
    ...(await stepsOf(platform, '20,000 files')),
  ]
}
