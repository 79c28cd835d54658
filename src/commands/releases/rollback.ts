import { z } from 'zod'
import { renderAddresses } from '../../deploy/site-address.ts'
import { siteCommand } from '../command.ts'
import { releaseNumber } from '../inputs.ts'
import { done } from '../output/outcome.ts'
import { getRelease } from './get-release.ts'

export const rollback = siteCommand({
  name: 'rollback',
  group: 'Releases',
  summary: 'Make an earlier release live again',
  description: 'It is proven like a push, and becomes a new release. Without a number: the one before the live one.',
  arguments: [{ name: 'number', description: 'the release to go back to', optional: true }],
  examples: ['rollback demo', 'rollback demo 12'],
  permission: 'site:operate',
  input: z.object({ number: releaseNumber.optional() }),
  run: async (context, { number }) => {
    const { deployments, site, account, progress } = context
    if (number !== undefined) await getRelease(context, number)
    const release = await deployments.rollback(site, {
      ...(number === undefined ? {} : { number }),
      account,
      print: progress,
    })
    return done(
      { number: release.number, rollbackOf: release.rollback_of, commit: release.commit },
      `#${release.rollback_of ?? release.number} is live again, as #${release.number}: ${await renderAddresses(site, context)}`,
      [
        `git push hosting ${site.branch}   with a new commit makes the branch live again; it stays as it is until then.`,
      ],
    )
  },
})
