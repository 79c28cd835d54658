// `git-lfs-authenticate SITE download|upload` over SSH (docs/api/authentication.md of git-lfs): tells where the large files of a repository
// are by HTTP, with a pass for an hour.
import { authorize, noSuchSite } from '../access/authorize.ts'
import { gitHost } from '../access/platform-names.ts'
import { sendsToHttps } from '../config/https.ts'
import type { Config } from '../config/load.ts'
import { siteAddress } from '../deploy/site-address.ts'
import { HostingError } from '../errors/hosting-error.ts'
import { parseSiteName } from '../names/host-name.ts'
import type { Store } from '../store/store.ts'
import { type LfsPasses, passSeconds } from './https/lfs-passes.ts'
import type { Request } from './session.ts'

interface Parts {
  readonly config: Config
  readonly store: Store
  readonly passes: LfsPasses
}

export const lfsCommand = 'git-lfs-authenticate'

/** @throws HostingError usage, not-found, forbidden, unavailable */
export async function authenticateLfs(request: Request, words: readonly string[], parts: Parts): Promise<number> {
  const { config, store, passes } = parts
  const [, typed, operation] = words
  if (typed === undefined || (operation !== 'download' && operation !== 'upload'))
    throw new HostingError('usage', `${lfsCommand} takes a site, and download or upload`)
  const host = gitHost(config)
  if (host === undefined || request.credential === undefined)
    throw new HostingError('unavailable', 'Large files are fetched over HTTPS, which is not offered here', {
      hint: 'Whoever runs this server can: git-host in its configuration.',
    })
  const name = parseSiteName(typed.replace(/^\/?(~\/)?/, '').replace(/\/$/, ''), config['base-domain'])
  const site = await store.sites.find(name)
  if (site === undefined) throw noSuchSite(name)
  await authorize(store, request.account, { action: operation === 'upload' ? 'site:push' : 'site:read', site })
  const answer = {
    href: `${siteAddress(host, { config, secure: sendsToHttps(config) })}/${name}.git/info/lfs`,
    header: { Authorization: passes.issue({ credential: request.credential, site: name, operation }) },
    expires_in: passSeconds,
  }
  request.stdout.write(`${JSON.stringify(answer)}\n`)
  return 0
}
