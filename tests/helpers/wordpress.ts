// WordPress as Debian packages it, and its installer.
import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import { type Browser, formFields, type Page } from './browser.ts'
import { unpackDebian } from './debian-tree.ts'

/** Puts it together in a directory, without a configuration. */
export async function assembleWordPress(directory: string): Promise<void> {
  await using debian = await unpackDebian('wordpress', /^(wordpress-theme-|libjs-|php-getid3$)/)
  await debian.copy('usr/share/wordpress', directory)
  // Debian's own, which reads /etc.
  await rm(join(directory, 'wp-config.php'))
}

export async function installWordPress(browser: Browser, user: { name: string; password: string }): Promise<Page> {
  const welcome = await browser.get('/')
  return await browser.post('/wp-admin/install.php?step=2', {
    ...formFields(welcome.text, 'id="setup"'),
    ...{ weblog_title: 'A blog', user_name: user.name, admin_email: `${user.name}@example.org` },
    ...{ admin_password: user.password, admin_password2: user.password },
  })
}
