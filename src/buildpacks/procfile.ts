// Procfile: a process a line, `name: command` (Heroku's format). `web` is the platform's own, `release` runs before a release goes live.
import { type Problem, refuseProblems } from './problem.ts'

export interface Procfile {
  readonly releaseCommand?: string
  /** By name. */
  readonly workers: Readonly<Record<string, string>>
  readonly hasWeb: boolean
}

/** @throws HostingError invalid-site-config, with the lines that are wrong */
export function parseProcfile(text: string): Procfile {
  const problems: Problem[] = []
  const commands = new Map<string, string>()
  for (const [index, line] of text.split(/\r?\n/).entries()) {
    if (/^\s*(#|$)/.test(line)) continue
    const [, name, command] = /^\s*([A-Za-z0-9_-]{1,63})\s*:\s*(\S.*?)\s*$/.exec(line) ?? []
    const at = { file: 'Procfile', line: index + 1 }
    if (name === undefined || command === undefined)
      problems.push({
        ...at,
        text: 'write a line as "name: command"',
        hint: 'Such as: release: php artisan migrate --force',
      })
    else if (commands.has(name)) problems.push({ ...at, text: `there is a process "${name}" already` })
    else commands.set(name, command)
  }
  refuseProblems(problems)
  const releaseCommand = commands.get('release')
  return {
    ...(releaseCommand === undefined ? {} : { releaseCommand }),
    workers: Object.fromEntries([...commands].filter(([name]) => name !== 'release' && name !== 'web')),
    hasWeb: commands.has('web'),
  }
}
