// Passes for the large files of one repository, for a while: given out where somebody has logged in, by SSH or by HTTPS, and bound to what
// they came with. A transfer of a thousand files so costs one login. In memory only; who has one that a restart has ended gets another.
import type { Credential } from '../../access/logins/credential.ts'
import type { Clock } from '../../lib/clock.ts'
import { Passes } from '../../lib/passes.ts'
import type { HostName } from '../../names/host-name.ts'

export const passSeconds = 3600
/** One is given out for each hundred files. */
const mostPasses = 20_000

export interface LfsPass {
  readonly credential: Credential
  readonly site: HostName
  readonly operation: 'download' | 'upload'
}

export interface LfsPasses {
  /** @returns the value of an Authorization header */
  issue(pass: LfsPass): string
  find(secret: string): LfsPass | undefined
}

export function createLfsPasses(clock: Clock): LfsPasses {
  const passes = new Passes<LfsPass>(clock, { most: mostPasses })
  return {
    issue: (pass) => `Bearer ${passes.issue(pass, passSeconds * 1000)}`,
    find: (secret) => passes.find(secret),
  }
}
