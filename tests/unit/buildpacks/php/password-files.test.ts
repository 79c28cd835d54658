// What a push says of password files that a .htaccess names and that are not there.
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { notePasswordFiles } from '../../../../src/buildpacks/php/password-files.ts'
import { writeTree } from '../../../helpers/static-site.ts'

let tree: string
beforeAll(async () => {
  tree = await mkdtemp(join(tmpdir(), 'password-files-'))
  await writeTree(tree, { 'auth/.htpasswd': 'a', 'htdocs/admin/.htpw': 'b', stored: { link: '/storage/stored' } })
})
afterAll(() => rm(tree, { recursive: true }))

const note = (text: string) => notePasswordFiles([{ folder: 'admin', text }], { tree, folder: 'htdocs' })

describe('password files', () => {
  it.each([
    'AuthUserFile /site/tree/auth/.htpasswd',
    '  authuserfile "/site/tree/htdocs/admin/.htpw"',
    'AuthUserFile auth/.htpasswd',
    "AuthUserFile './auth/../auth/.htpasswd'",
    'AuthGroupFile /dev/null',
    'AuthUserFile /storage/auth/users',
    'AuthUserFile /site/tree/stored/users',
    '# AuthUserFile /var/www/.htpasswd',
    'AuthName "AuthUserFile"',
  ])('%j is fine', async (text) => expect(await note(text)).toEqual([]))

  it.each([
    ['AuthUserFile /var/www/auth/.htpasswd', 'write AuthUserFile "/site/tree/auth/.htpasswd"'],
    ['AuthUserFile "/home/joe/public html/admin/.htpw"', 'write AuthUserFile "/site/tree/htdocs/admin/.htpw"'],
    ['AuthUserFile .htpw', 'write AuthUserFile "/site/tree/htdocs/admin/.htpw"'],
    ['AuthGroupFile /var/www/groups', 'commit that file and write its path'],
    ['AuthUserFile /site/tree/../../etc/passwd', 'there is no /site/tree/../../etc/passwd here'],
  ])('%j is not', async (text, words) => {
    expect(await note(text)).toEqual([expect.stringMatching(/^admin\/\.htaccess: there is no /)])
    expect((await note(text)).join()).toContain(words)
  })

  it('are told of a few times', async () => expect(await note('AuthUserFile /x\n'.repeat(50))).toHaveLength(5))
})
