// Which command lines are git's: what `git push`, `git fetch`, `git clone` and `git archive --remote` send over SSH.
import { HostingError } from '../errors/hosting-error.ts'
import type { GitService } from '../git/types.ts'

const services: ReadonlySet<string> = new Set<GitService>(['git-receive-pack', 'git-upload-pack', 'git-upload-archive'])

export interface GitCommand {
  readonly service: GitService
  readonly site: string
}

/**
 * Returns undefined for what is not git's.
 * @throws HostingError usage for git's command without a site, or with more than one
 */
export function findGitCommand(words: readonly string[]): GitCommand | undefined {
  const [first = '', second = ''] = words
  const spelledApart = first === 'git'
  const service = spelledApart ? `git-${second}` : first
  if (!isGitService(service)) return undefined
  const [site, ...more] = words.slice(spelledApart ? 2 : 1)
  if (site !== undefined && more.length === 0) return { service, site }
  throw new HostingError('usage', `${service} takes the name of one site`, { hint: `${service} SITE` })
}

function isGitService(word: string): word is GitService {
  return services.has(word)
}
