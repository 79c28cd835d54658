// DokuWiki as Debian has it: pushed as it is, installed in the browser, written in, deployed anew and rolled back. Without a database: all
// it knows are files.
import { readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { startApplication } from '../../helpers/application.ts'
import { type Browser, formFields, picture } from '../../helpers/browser.ts'
import { unpackDebian } from '../../helpers/debian-tree.ts'
import type { Platform } from '../../helpers/platform.ts'
import { runOk } from '../../helpers/session.ts'
import type { WorkingCopy } from '../../helpers/working-copy.ts'

const password = 'a long enough passphrase 7'

let platform: Platform
let wiki: WorkingCopy
let ann: Browser
let visitor: Browser
let told: string

beforeAll(async () => {
  const application = await startApplication('notes', assemble)
  ;({ platform, copy: wiki, told, owner: ann, visitor } = application)
}, 900_000)
afterAll(async () => await platform[Symbol.asyncDispose]())

/** Upstream has its configuration, its data and the libraries of others in one tree. */
async function assemble(directory: string): Promise<void> {
  await using debian = await unpackDebian('dokuwiki', /^(libjs-|libphp-simplepie$|php-(geshi|phpseclib\d*|simplepie)$)/)
  await debian.copy('usr/share/dokuwiki', directory)
  await debian.copy('etc/dokuwiki', join(directory, 'conf'))
  await debian.copy('var/lib/dokuwiki/data', join(directory, 'data'))
  for (const name of ['php', 'php-geshi', 'javascript'])
    await debian.copy(`usr/share/${name}`, join(directory, 'vendor/debian', name))
  await rm(join(directory, 'inc/preload.php'))
  for (const name of ['conf/local.php', 'conf/users.auth.php', 'conf/acl.auth.php'])
    await rm(join(directory, name), { force: true })
  // Git keeps no empty folder: that is what these are for.
  for (const entry of await readdir(join(directory, 'data'), { withFileTypes: true }))
    if (entry.isDirectory()) await writeFile(join(directory, 'data', entry.name, '_dummy'), '')
  await relocate(join(directory, 'conf'), "'/var/lib/dokuwiki/data'", "'./data'")
  await relocate(join(directory, 'vendor/composer'), "'/usr/share/", "__DIR__ . '/../debian/")
  for (const folder of ['inc', 'lib'])
    await relocate(join(directory, folder), "'/usr/share/", "DOKU_INC . 'vendor/debian/")
}

async function relocate(folder: string, from: string, to: string): Promise<void> {
  const { stdout } = await runOk('grep', ['-rlF', '--include=*.php', from, folder])
  for (const path of stdout.split('\n').filter(Boolean))
    await writeFile(path, (await readFile(path, 'utf8')).replaceAll(from, to))
}

describe('DokuWiki', () => {
  it('is recognised, and its push says so', () => {
    expect(told).toContain('php: DokuWiki, PHP 8.4 (the newest), nginx with php-fpm')
    expect(told).toContain('storage begins with what the repository holds: conf/, data/')
  })

  it('is installed by its installer', async () => {
    const form = await ann.get('/install.php')
    const installed = await ann.post('/install.php', {
      ...formFields(form.text, 'action=""'),
      ...{ 'd[title]': 'Notes', 'd[acl]': 'on', 'd[superuser]': 'ann', 'd[fullname]': 'Ann', 'd[policy]': '1' },
      ...{ 'd[email]': 'ann@example.org', 'd[password]': password, 'd[confirm]': password, submit: '' },
    })
    expect(installed.text).toContain('The configuration was finished successfully')
    const login = await ann.get('/doku.php?id=start&do=login')
    const inside = await ann.post('/doku.php', { ...formFields(login.text, 'dw__login'), u: 'ann', p: password })
    expect(inside.text).toContain('do=logout')
  })

  it('takes a page', async () => {
    const editor = await ann.get('/doku.php?id=sea&do=edit')
    const saved = { wikitext: 'Written by Ann {{:sea.png}}', 'do[save]': '1', summary: '' }
    await ann.post('/doku.php', { ...formFields(editor.text, 'dw__editform'), ...saved })
    expect((await visitor.get('/doku.php?id=sea')).text).toContain('Written by Ann')
  })

  it('takes a picture, served as what it is and made smaller', async () => {
    const media = await ann.get('/doku.php?id=sea&do=media&ns=&tab_files=upload')
    const sent = picture('sea.png')
    const { sectok = '' } = formFields(media.text, 'id="dw__upload"')
    const query = new URLSearchParams({ call: 'mediaupload', ns: '', qqfile: sent.name, mediaid: sent.name, sectok })
    const uploaded = await ann.post(`/lib/exe/ajax.php?${query.toString()}`, { qqfile: sent })
    expect(uploaded.text).toContain('success')
    const served = await visitor.get('/lib/exe/fetch.php?media=sea.png')
    expect(served).toMatchObject({ status: 200, headers: { 'content-type': 'image/png' } })
    expect(served.body.equals(sent.content)).toBe(true)
    expect((await visitor.get('/lib/exe/fetch.php?media=sea.png&w=100&tok=x')).status).not.toBe(500)
  })

  it.each([
    '/data/pages/sea.txt',
    '/conf/local.php',
    '/conf/users.auth.php',
    '/inc/init.php',
    '/data/',
    '/bin/wantedpages.php',
  ])('hands nobody %s', async (path) => {
    expect((await visitor.get(path)).status).toBeGreaterThanOrEqual(403)
  })

  it('gets its scripts and styles', async () => {
    const { text } = await visitor.get('/doku.php?id=sea')
    const [, style = ''] = /<link rel="stylesheet" href="([^"]*css\.php[^"]*)"/.exec(text) ?? []
    const styles = await visitor.get(style.replaceAll('&amp;', '&'))
    expect(styles).toMatchObject({ status: 200, headers: { 'content-type': 'text/css; charset=utf-8' } })
    expect((await visitor.get('/lib/exe/jquery.php')).text).toContain('jQuery')
  })

  it('keeps page, picture, settings and log-in through a deploy and a rollback', async () => {
    await wiki.commit({ 'lib/tpl/dokuwiki/footer.html': 'A new footer' })
    await wiki.pushOk()
    expect(await seen()).toEqual({ title: true, page: true, picture: 200, footer: true, loggedIn: true })
    expect((await platform.admin.ssh('rollback notes')).exitCode).toBe(0)
    expect(await seen()).toEqual({ title: true, page: true, picture: 200, footer: false, loggedIn: true })
  })

  it('shows in storage what the installer and its writers have added', async () => {
    const { stdout } = await platform.admin.ssh('storage notes')
    expect(stdout).toMatch(/conf\/ +\S+ kB +\d+ +[^-]*[1-9]\d* added/)
    expect(stdout).toMatch(/data\/ +\S+ kB +\d+ +[^-]*[1-9]\d* added/)
    expect(stdout).not.toContain('(elsewhere)')
  })

  it('offers the settings that the installer wrote to be committed', async () => {
    expect((await platform.admin.ssh('storage notes')).stdout).toContain('run notes.localhost -- tar -ch conf | tar -x')
    const fetched = await platform.admin.ssh('run notes.localhost -- tar -ch conf')
    expect(fetched.exitCode).toBe(0)
    expect(fetched.stdout).toContain("$conf['title'] = 'Notes'")
  })

  it('has them committed, and then differs no more', async () => {
    const shown = await platform.admin.ssh('drift notes conf --patch')
    expect(shown.stdout).toContain("+$conf['title'] = 'Notes'")
    const committed = await platform.admin.ssh('drift:commit notes conf -m Installed')
    expect(committed.output).toContain('✓ Live')
    expect(await platform.admin.json('drift notes conf')).toEqual([])
    await wiki.git('pull', '-q', '--rebase', 'hosting', 'main')
    expect(await readFile(join(wiki.directory, 'conf/local.php'), 'utf8')).toContain("$conf['title'] = 'Notes'")
    // Pages and caches are drift as well, as the repository holds something of data/, but nobody has asked for them.
    expect((await wiki.git('ls-files', 'data/pages')).stdout).not.toContain('sea.txt')
    expect(await seen()).toMatchObject({ title: true, page: true, loggedIn: true })
  })
})

async function seen() {
  const page = (await visitor.get('/doku.php?id=sea')).text
  return {
    title: page.includes('[Notes]'),
    page: page.includes('Written by Ann'),
    picture: (await visitor.get('/lib/exe/fetch.php?media=sea.png')).status,
    footer: (await visitor.get('/lib/tpl/dokuwiki/footer.html')).text === 'A new footer',
    loggedIn: (await ann.get('/doku.php?id=sea')).text.includes('do=logout'),
  }
}
