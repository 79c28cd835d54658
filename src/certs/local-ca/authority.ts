// The CA of a trial run: made once for its home, trusted by nobody until its owner says so, and even then for names below the base domain
// only. So https://demo.localhost:8443 works from the first push, without a network.
import type { Home } from '../../config/home.ts'
import { sendsToHttps } from '../../config/https.ts'
import type { Config } from '../../config/load.ts'
import type { Clock } from '../../lib/clock.ts'
import type { LocalAuthority } from '../types.ts'
import { type CaFiles, ensureCaFiles } from './ca-files.ts'
import { issueLeaf } from './issue.ts'

export interface TrialAuthority extends LocalAuthority {
  /** The file with the CA's certificate, made if need be. */
  ensure(): Promise<CaFiles>
}

interface AuthorityParts {
  readonly home: Pick<Home, 'id' | 'localCa'>
  readonly baseDomain: string
  readonly clock: Clock
}

export function createTrialAuthority(parts: AuthorityParts): TrialAuthority {
  const { home, baseDomain, clock } = parts
  let made: Promise<CaFiles> | undefined
  const ensure = () => {
    made ??= ensureCaFiles({
      directory: home.localCa,
      name: `Hosting trial run ${home.id}`,
      baseDomain,
      now: clock.now(),
    })
    // What a full disk has stopped is tried again by the next who asks.
    made.catch(() => (made = undefined))
    return made
  }
  const signsFor = (name: string) => name === baseDomain || name.endsWith(`.${baseDomain}`)
  return {
    ensure,
    signsFor,
    async issue(names) {
      if (!names.every(signsFor)) throw new Error(`${names.join(', ')}: not all are below ${baseDomain}`)
      const { certificate, key } = await ensure()
      return { ...(await issueLeaf({ certificate, key, names, now: clock.now() })), source: 'local' }
    },
  }
}

/** The CA of this platform: of a trial run that orders no certificates. Elsewhere nobody is to be asked to trust one. */
export function findTrialAuthority(config: Config, clock: Clock): TrialAuthority | undefined {
  if (sendsToHttps(config)) return undefined
  return createTrialAuthority({ home: config.home, baseDomain: config['base-domain'], clock })
}
