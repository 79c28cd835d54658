import { z } from 'zod'
import { createSite } from '../../access/sites.ts'
import { ensureRepository } from '../../git/repository.ts'
import { parseSiteName } from '../../names/host-name.ts'
import { repositoryPath } from '../../config/home.ts'
import { siteUrl } from '../../deploy/site-url.ts'
import { repositoryUrl } from '../addresses.ts'
import { command } from '../command.ts'
import { done } from '../output/outcome.ts'

export const create = command({
  name: 'create',
  group: 'Sites',
  summary: 'Make a site (a first push does it too)',
  arguments: [{ name: 'site', description: 'its name: example.org, or a short one such as demo' }],
  examples: ['create demo', 'create example.org'],
  permission: 'site:create',
  input: z.object({ site: z.string() }),
  run: async (context, input) => {
    const { store, config, account, deployments } = context
    const name = parseSiteName(input.site, config['base-domain'])
    const site = await createSite({ store, config, account, name })
    await ensureRepository(repositoryPath(config.home, name), { branch: site.branch })
    await deployments.routeDomains(site)
    const repository = repositoryUrl(config, name)
    return done({ name, url: siteUrl(name, config), repository }, `${name} is made. Push to it:`, [
      `git remote add hosting ${repository}`,
      `git push hosting ${site.branch}`,
    ])
  },
})
