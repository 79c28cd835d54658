import { z } from 'zod'
import { repositoryPath } from '../../config/home.ts'
import { ensureRepository, setHeadBranch } from '../../git/repository.ts'
import { parseBranch } from '../../names/account-name.ts'
import { siteCommand } from '../command.ts'
import { done, facts } from '../output/outcome.ts'

export const branch = siteCommand({
  name: 'branch',
  group: 'Sites',
  summary: 'Show or set the branch that is deployed',
  description:
    'Pushes to other branches are stored and not deployed. A new branch goes live with its next new commit; what was pushed to it before stays stored.',
  arguments: [{ name: 'branch', description: 'the branch to deploy from now on', optional: true }],
  examples: ['branch demo', 'branch demo production'],
  permission: 'site:read',
  toChange: 'site:configure',
  input: z.object({ branch: z.string().optional() }),
  changes: (input) => input.branch !== undefined,
  run: async ({ site, store, config }, input) => {
    if (input.branch === undefined) return facts({ branch: site.branch }, () => [['Branch', site.branch]])
    const name = parseBranch(input.branch)
    const repository = repositoryPath(config.home, site.name)
    await ensureRepository(repository, { branch: name })
    await setHeadBranch(repository, name)
    await store.sites.update(site.id, { branch: name })
    return done(
      { branch: name },
      `${site.name} is deployed from ${name} from now on, beginning with its next new commit`,
      [`git push hosting ${name}`],
    )
  },
})
