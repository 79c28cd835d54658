// Runs a program of a buildpack on a copy of a tree, confined, and unpacks what it made of it.
import { mkdir } from 'node:fs/promises'
import { HostingError } from '../errors/hosting-error.ts'
import type { BuildResult } from '../runtime/runtime.ts'
import { fromText } from './static/byte-string.ts'
import { extractTree } from './static/extract.ts'
import type { BuildRequest } from './types.ts'

export interface ConfinedBuild {
  /** As the pusher reads it: "The build command …", "composer install". */
  readonly title: string
  readonly buildpack: string
  readonly image?: string
  readonly env: Readonly<Record<string, string>>
  readonly source: string
  /** Made here. */
  readonly into: string
  /** What to do when it fails by itself. */
  readonly hint: string
}

const keptLines = 20

/** @throws HostingError build-failed with the last lines of output */
export async function runConfined(request: BuildRequest, build: ConfinedBuild): Promise<void> {
  const { buildpack, image, env, source } = build
  const last: string[] = []
  const result = await request.runBuild({
    buildpack,
    ...(image === undefined ? {} : { image }),
    env,
    sourceDirectory: source,
    output: (line) => {
      last.splice(0, last.push(line) - keptLines)
      request.print(`       ${line}`)
    },
  })
  try {
    refuseFailure(result, build, last)
    await mkdir(build.into, { mode: 0o755 })
    await extractTree(await result.output(), fromText(build.into))
  } finally {
    await result.dispose()
  }
}

function refuseFailure({ exitCode, killed }: BuildResult, build: ConfinedBuild, details: readonly string[]): void {
  if (killed === undefined && exitCode === 0) return
  const reasons = {
    timeout: 'it ran longer than a build may',
    memory: 'it used more memory than a build may',
    exit: `it ended with exit status ${exitCode}`,
  }
  throw new HostingError('build-failed', `${build.title} failed: ${reasons[killed ?? 'exit']}`, {
    details: [...details],
    hint:
      killed === undefined ? build.hint : 'Make the build smaller, or build on your own machine and commit the result.',
  })
}
