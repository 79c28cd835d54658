// From the start of `git push` until the page of a PHP site is seen changed, beside the same floor as a static site's push; and a tree as
// large as WordPress, beside a bare push and the start of a container.
import { execOk } from '../src/lib/exec.ts'
import { containersOf } from '../tests/helpers/clean-up.ts'
import type { Platform } from '../tests/helpers/platform.ts'
import { startCompiled } from './lib/compiled-platform.ts'
import { startOpenSsh } from './lib/openssh.ts'
import { type PushedSite, show, siteOnOpenSsh, siteOnPlatform } from './lib/pushed-site.ts'
import { type Result, resultOf } from './lib/result.ts'
import { smallSite, wordPressSized } from './lib/site-files.ts'
import { stepsOf } from './lib/steps.ts'
import { beside, takeTurns } from './lib/take-turns.ts'

export const name = 'php-push'

const rounds = 11
const page = 'index.php'

export async function run(): Promise<Result[]> {
  return [...(await measureSmall()), ...(await measureLarge())]
}

async function measureSmall(): Promise<Result[]> {
  await using stack = new AsyncDisposableStack()
  const cold = stack.use(await startCompiled({ flags: { 'warm-instances': '0' } }))
  const warm = stack.use(await startCompiled())
  const server = stack.use(await startOpenSsh(warm.admin))
  const files = smallSite()
  const sites = {
    warm: await siteOnPlatform(warm, files, page),
    floor: await siteOnOpenSsh(server, warm, page),
    cold: await siteOnPlatform(cold, files, page),
  }
  const times = await takeTurns(sites, rounds)
  show(sites)
  return [
    resultOf({ name: 'PHP, 50 files', unit: 'ms', goal: { atMost: 1.4 }, runs: beside(times.warm, times.floor) }),
    ...(await stepsOf(warm, 'PHP, 50 files')),
    resultOf({ name: 'PHP, 50 files, nothing warm', unit: 'ms', runs: beside(times.cold, times.floor) }),
    ...(await stepsOf(cold, 'PHP, 50 files, nothing warm')),
  ]
}

async function measureLarge(): Promise<Result[]> {
  await using stack = new AsyncDisposableStack()
  const platform = stack.use(await startCompiled())
  const server = stack.use(await startOpenSsh(platform.admin))
  const files = wordPressSized()
  const ours = await siteOnPlatform(platform, files, page)
  const image = await imageOf(platform)
  const sites = { ours, floor: withContainer(await siteOnOpenSsh(server, platform, page), image) }
  const times = await takeTurns(sites, rounds)
  show({ ours })
  return [
    resultOf({ name: 'PHP, 3,000 files', unit: 'ms', goal: { atMost: 2.5 }, runs: beside(times.ours, times.floor) }),
    ...(await stepsOf(platform, 'PHP, 3,000 files')),
  ]
}

/** The hook's user may not start containers: what that takes is added. */
function withContainer(site: PushedSite, image: string) {
  return {
    ...site,
    close: () => site.close(),
    async push() {
      const ms = await site.push()
      const began = performance.now()
      const id = await execOk('docker', ['run', '--detach', '--network', 'none', '--entrypoint', 'sleep', image, '60'])
      const took = performance.now() - began
      await execOk('docker', ['rm', '--force', id.trim()])
      return ms + took
    },
  }
}

/** What the instances of the platform's one site run. */
async function imageOf({ home }: Platform): Promise<string> {
  const [container] = await containersOf(home)
  if (container === undefined) throw new Error('no instance runs')
  return (await execOk('docker', ['inspect', '--format', '{{.Image}}', container])).trim()
}
