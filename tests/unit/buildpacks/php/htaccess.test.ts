import { describe, expect, it } from 'vitest'
import { chooseServer } from '../../../../src/buildpacks/php/choose-server.ts'
import { readHtaccess } from '../../../../src/buildpacks/php/htaccess.ts'
import { loadApps } from '../../../../src/buildpacks/php/known-apps.ts'

describe('a .htaccess', () => {
  it.each([
    ['nothing', '# only a comment\n\n'],
    ['nothing', 'Options -Indexes\n<IfModule mod_x.c>\n</IfModule>\n'],
    ['deny', 'Require all denied'],
    ['deny', 'Order deny,allow\r\nDeny from all\r\n'],
    ['deny', 'Order deny,allow\nDeny \\\n from all\n'],
    [
      'deny',
      '<IfModule mod_authz_core.c>\n  Require all denied\n</IfModule>\n<IfModule !mod_authz_core.c>\n  Order allow,deny\n  Deny from all\n</IfModule>\n',
    ],
    ['no-php', 'php_flag engine off'],
    ['no-php', 'RemoveHandler .php .phtml'],
    ['more', 'Options +Indexes'],
    ['more', 'RewriteEngine On'],
    ['more', 'Order deny,allow\nDeny from all\nAllow from 192.0.2.7'],
    ['more', '<Files x>\nRequire all denied\n</Files>'],
    ['more', 'Order allow,deny'],
    ['more', 'Require all denied\nphp_flag engine off'],
    ['more', 'Nonsense'],
  ])('says %s: %j', (says, text) => expect(readHtaccess(text)).toBe(says))
})

describe('the server', () => {
  it('is php-fpm without any .htaccess', () => {
    expect(chooseServer([], undefined)).toEqual({
      server: 'fpm',
      why: 'there is no .htaccess',
      denied: [],
      withoutPhp: [],
    })
  })

  it('is php-fpm where nginx can do the same', () => {
    const files = [
      { folder: 'data', text: 'Deny from all' },
      { folder: 'up', text: 'php_flag engine off' },
    ]
    expect(chooseServer(files, undefined)).toMatchObject({ server: 'fpm', denied: ['data'], withoutPhp: ['up'] })
  })

  it('is Apache for one line more, and for a site that is denied as a whole', () => {
    const deny = { folder: 'data', text: 'Deny from all' }
    expect(chooseServer([deny, { folder: 'sub', text: 'AddType a/b .c' }], undefined)).toMatchObject({
      server: 'apache',
      why: 'sub/.htaccess has rules for it',
    })
    expect(chooseServer([{ folder: '', text: 'Deny from all' }], undefined).server).toBe('apache')
  })

  it('is php-fpm for the .htaccess that an application is known to write, Apache once somebody added to it', async () => {
    const wordpress = (await loadApps()).find(({ name }) => name === 'WordPress')
    const own = wordpress?.htaccess['.htaccess']
    const text = `# BEGIN WordPress\n${Array.isArray(own) ? own.join('\n') : ''}\n# END WordPress\n`
    expect(text).toContain('RewriteRule . /index.php [L]')
    expect(chooseServer([{ folder: '', text }], wordpress).server).toBe('fpm')
    expect(chooseServer([{ folder: '', text }], undefined).server).toBe('apache')
    expect(chooseServer([{ folder: '', text: `${text}Redirect /a /b\n` }], wordpress).server).toBe('apache')
  })
})
