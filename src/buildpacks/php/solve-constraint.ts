// Asks Composer's own library which PHP a constraint means, in a container: no other solver knows its syntax as it does.
// An answer depends on nothing but the constraint and what is on offer, so each is asked once.
import { chmod, mkdtemp, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { HostingError } from '../../errors/hosting-error.ts'
import type { BuildRequest } from '../types.ts'
import type { Solution } from './choose-version.ts'
import type { OfferedVersion } from './offered.ts'

const known = new Map<string, Solution>()
const maxKnown = 500

export async function solveConstraint(
  constraint: string,
  offered: readonly OfferedVersion[],
  request: BuildRequest,
): Promise<Solution> {
  const versions = offered.map(({ version }) => version).join(' ')
  const key = `${versions}\n${constraint}`
  const answer = known.get(key) ?? (await ask(constraint, versions, request))
  if (known.size < maxKnown) known.set(key, answer)
  return answer
}

/** In the newest image: most sites turn out to need that one anyway. */
async function ask(constraint: string, versions: string, request: BuildRequest): Promise<Solution> {
  const lines: string[] = []
  const sourceDirectory = await mkdtemp(join(request.directory, 'solve-'))
  try {
    // The build reads it as another user.
    await chmod(sourceDirectory, 0o755)
    const result = await request.runBuild({
      image: `php-${versions.split(' ').at(-1) ?? ''}`,
      buildpack: 'php',
      env: { HOSTING_PHP_CONSTRAINT: constraint, HOSTING_PHP_OFFERED: versions },
      output: (line) => {
        lines.push(line)
        // An image that is made first takes minutes.
        if (!answerLine.test(line)) request.print(`       ${line}`)
      },
      sourceDirectory,
    })
    await result.dispose()
  } finally {
    await rm(sourceDirectory, { recursive: true })
  }
  return parseAnswer(lines)
}

const answerLine = /^hosting: php (\S+)$/

function parseAnswer(lines: readonly string[]): Solution {
  const answer = lines.map((line) => answerLine.exec(line)?.[1]).findLast((found) => found !== undefined)
  if (answer === 'none' || answer === 'invalid') return { problem: answer }
  if (answer !== undefined) return { version: answer }
  throw new HostingError('build-failed', 'It could not be found out which PHP version composer.json means', {
    details: lines.slice(-20),
    hint: 'Write the version into .php-version, such as 8.4, or push again.',
  })
}
