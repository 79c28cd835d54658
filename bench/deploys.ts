// A hundred deploys in a row while visitors ask all the time and download slowly: what they were answered wrongly. Once with a site that the
// edge serves itself, once with one whose rules let everything go through its instance.
import type { Platform } from '../tests/helpers/platform.ts'
import { WorkingCopy } from '../tests/helpers/working-copy.ts'
import { startCompiled } from './lib/compiled-platform.ts'
import { type Result, resultOf } from './lib/result.ts'
import { type Progress, release, type Tally, visit } from './lib/visitors.ts'

export const name = 'deploys'

const deploys = 100
const visitors = { readers: 4, downloaders: 2 }
const throughInstance = { _headers: '/*\n  X-Bench: yes\n' }

export async function run(): Promise<Result[]> {
  await using platform = await startCompiled()
  // Side by side, as the sites of different people are.
  const results = await Promise.all([measure(platform, 'edge', {}), measure(platform, 'instance', throughInstance)])
  return results.flat()
}

async function measure(platform: Platform, site: string, files: Readonly<Record<string, string>>): Promise<Result[]> {
  const copy = await WorkingCopy.create(platform.admin, site, { ...files, ...release(0) })
  await copy.pushOk()
  const progress: Progress = { live: 0, begun: 0 }
  const tally: Tally = { answers: 0, downloads: 0, wrong: [] }
  const ended = new AbortController()
  const host = `${site}.localhost`
  const visits = visit({ port: platform.httpPort, host, progress, tally, ended: ended.signal }, visitors)
  try {
    await deployAll(copy, progress)
  } finally {
    ended.abort()
    await visits
  }
  for (const what of tally.wrong.slice(0, 10)) process.stderr.write(`${site}: ${what}\n`)
  return resultsOf(site, tally)
}

async function deployAll(copy: WorkingCopy, progress: Progress): Promise<void> {
  for (let number = 1; number <= deploys; number++) {
    await copy.commit(release(number))
    progress.begun = number
    await copy.pushOk()
    progress.live = number
  }
}

function resultsOf(site: string, { answers, downloads, wrong }: Tally): Result[] {
  return [
    resultOf({ name: `${site}: wrong answers`, unit: '', goal: { atMost: 0 }, runs: [{ value: wrong.length }] }),
    resultOf({ name: `${site}: answers`, unit: '', runs: [{ value: answers }] }),
    resultOf({ name: `${site}: slow downloads`, unit: '', runs: [{ value: downloads }] }),
  ]
}
