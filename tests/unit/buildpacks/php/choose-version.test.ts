import { describe, expect, it } from 'vitest'
import { chooseVersion, parseVersionFile, type VersionWish } from '../../../../src/buildpacks/php/choose-version.ts'
import { loadOffered, noteEndOfLife, type OfferedVersion } from '../../../../src/buildpacks/php/offered.ts'

const offered: OfferedVersion[] = ['7.4', '8.2', '8.4'].map((version) => ({
  version,
  suite: 's',
  endOfLife: '2027-06-30',
}))
const choose = (wish: Partial<VersionWish>) =>
  chooseVersion({ offered, solve: () => Promise.reject(new Error('not asked')), ...wish })

describe('the version of PHP', () => {
  it('is the newest where nothing is said', async () => {
    expect(await choose({})).toMatchObject({ version: { version: '8.4' }, why: 'the newest' })
  })

  it('is what hosting.toml says, before .php-version, before composer.json', async () => {
    const solve = () => Promise.resolve({ version: '8.2' })
    expect(await choose({ configured: '7.4', versionFile: '8.2', constraint: '*' })).toMatchObject({
      why: 'hosting.toml',
    })
    expect(await choose({ versionFile: '7.4', constraint: '*' })).toMatchObject({ version: { version: '7.4' } })
    expect(await choose({ constraint: '^8.1 <8.4', solve })).toMatchObject({ why: 'composer.json: ^8.1 <8.4' })
  })

  it.each(['hosting.toml', '.php-version', 'composer.json'])(
    'is refused with the list when %s wants another',
    async (where) => {
      const wish = { 'hosting.toml': { configured: '5.6' }, '.php-version': { versionFile: '5.6' } }[where] ?? {
        constraint: '^5',
        solve: () => Promise.resolve({ problem: 'none' as const }),
      }
      await expect(choose(wish)).rejects.toMatchObject({
        code: 'invalid-site-config',
        message: expect.stringContaining(where) as string,
        hint: 'There is PHP 7.4, 8.2, 8.4.',
      })
    },
  )

  it.each([
    ['8.2', '8.2'],
    ['8.2.10\n', '8.2'],
    ['php-8.4.1', '8.4'],
    ['8.2.x', '8.2'],
  ])('is read from the .php-version %j', (text, version) => expect(parseVersionFile(text)).toBe(version))

  it.each(['', '8', 'system', '8.2; rm'])('is not read from the .php-version %j', (text) => {
    expect(() => parseVersionFile(text)).toThrow(expect.objectContaining({ code: 'invalid-site-config' }))
  })

  it('says when nobody mends it any more, and a while before', () => {
    const [version] = offered
    const note = (day: string) => noteEndOfLife(version!, new Date(day))
    expect(note('2027-01-01')).toBeUndefined()
    expect(note('2027-05-01')).toContain('gets its last security fixes on 2027-06-30')
    expect(note('2027-07-02')).toContain('has had no security fixes from php.net since 2027-06-30')
  })

  it('is one of those in versions.json', async () => {
    expect((await loadOffered()).map(({ version }) => version)).toEqual(['7.4', '8.2', '8.4'])
  })
})
