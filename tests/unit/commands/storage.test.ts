import { describe, expect, it } from 'vitest'
import type { StorageSurvey } from '../../../src/data/storage/storages.ts'
import { createPlatform, terminal } from './platform.ts'

const survey: StorageSurvey = {
  enforced: true,
  quota: { bytes: 1_050_000_000, files: 65_536 },
  used: { bytes: 12_300_000, files: 131 },
  paths: [
    { path: 'conf.php', bytes: 4096, files: 1, drift: null },
    { path: 'uploads/', bytes: 12_000_000, files: 120, drift: { changed: 1, added: 118, missing: 2 } },
    { path: 'data/', bytes: 0, files: 2, drift: { changed: 0, added: 0, missing: 0 } },
  ],
  elsewhere: { bytes: 8192, files: 2, names: ['old/', 'x\u001b.txt'] },
  partial: false,
}

async function shown(surveyed: StorageSurvey | undefined, words = 'storage demo') {
  await using platform = await createPlatform({ deployments: { surveyStorage: () => Promise.resolve(surveyed) } })
  await platform.site('demo.localhost', 'root')
  return (await platform.run(words, { terminal })).out
}

describe('storage', () => {
  it('shows quota, paths and what differs from the repository', async () => {
    const out = await shown(survey)
    expect(
      out
        .replace(/\x1b\[\d+m/g, '')
        .split('\n')
        .map((line) => line.trimEnd()),
    ).toEqual([
      'Used   12.3 MB',
      'Quota  1.1 GB',
      'Files  131 of at most 65536, folders and PHP’s sessions among them',
      '',
      'PATH         SIZE     FILES  BESIDE THE REPOSITORY',
      'conf.php     4.1 kB   1      -',
      'uploads/     12.0 MB  120    1 changed, 118 added, 2 missing',
      'data/        0 B      2      the same',
      '(elsewhere)  8.2 kB   2      -',
      String.raw`(elsewhere) is what no path of the live release holds: old/, x\x1b.txt`,
      '',
      'To commit what the site has written, fetch it into a clone of the repository:',
      '  ssh -p 2222 git@localhost run demo.localhost -- tar -ch conf.php | tar -x',
      '',
    ])
  })

  it('says where a quota is just a number, and where not all was looked at', async () => {
    const out = await shown({
      ...survey,
      enforced: false,
      partial: true,
      paths: [],
      elsewhere: { bytes: 0, files: 0, names: [] },
    })
    expect(out).toContain('not enforced here')
    expect(out).toContain('too much to look at')
    expect(out).toContain('No path is kept')
  })

  it('has data for scripts, and an answer for sites that keep nothing', async () => {
    expect(JSON.parse(await shown(survey, 'storage demo --json'))).toEqual(survey)
    expect(await shown(undefined)).toContain('demo.localhost keeps nothing')
  })
})
