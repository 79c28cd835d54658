// MediaWiki as Debian has it: pushed as it is, installed in the browser with the database that `db` names; its LocalSettings.php, which the
// installer offers for download, is committed; then written in, deployed anew and rolled back.
import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { z } from 'zod'
import { startApplication } from '../../helpers/application.ts'
import { type Browser, type Fields, formFields, type Page, picture } from '../../helpers/browser.ts'
import { credentialsOf } from '../../helpers/database.ts'
import { unpackDebian } from '../../helpers/debian-tree.ts'
import type { Platform } from '../../helpers/platform.ts'
import type { WorkingCopy } from '../../helpers/working-copy.ts'

const password = 'a long enough passphrase 7'

let platform: Platform
let wiki: WorkingCopy
let ann: Browser
let visitor: Browser
let told: string

beforeAll(async () => {
  const application = await startApplication('wiki', assemble)
  ;({ platform, copy: wiki, told, owner: ann, visitor } = application)
}, 900_000)
afterAll(async () => await platform[Symbol.asyncDispose]())

async function assemble(directory: string): Promise<void> {
  await using debian = await unpackDebian('mediawiki', /^mediawiki-classes$/)
  await debian.copy('usr/share/mediawiki', directory)
  await debian.copy('var/lib/mediawiki/cache', join(directory, 'cache'))
  // What Debian has changed: where its installer wrote, and what it writes. Extensions are a repository each, elsewhere.
  const changed = ['config', 'extensions-core', 'extensions', 'mw-config/overrides', 'includes/PlatformSettings.php']
  for (const name of changed) await rm(join(directory, name), { recursive: true })
}

describe('MediaWiki', () => {
  it('is recognised, and its push says so', () => {
    expect(told).toContain('MediaWiki, PHP 8.4 (composer.json: >=7.4.3), nginx with php-fpm')
    expect(told).toContain('made the database of wiki.localhost')
    expect(told).toContain('storage begins with what the repository holds: cache/, images/')
  })

  it('is installed by its installer, with the database that the platform made', async () => {
    expect((await ann.get('/')).text).toContain('set up the wiki')
    const { name, user, password: secret } = await credentialsOf(platform, 'wiki')
    const last = await fillIn(await ann.get('/mw-config/index.php'), {
      ...{ uselang: 'en', ContLang: 'en', mysql_wgDBserver: 'localhost', mysql_wgDBname: name },
      ...{ mysql__InstallUser: user, mysql__InstallPassword: secret },
      ...{ config_wgSitename: 'A wiki', config__AdminName: 'Ann' },
      ...{ config__AdminPassword: password, config__AdminPasswordConfirm: password, config_wgEnableUploads: '1' },
    })
    expect(last.text).toContain('You have installed MediaWiki')
  })

  it('is live when the settings that the installer wrote are committed', async () => {
    const settings = await ann.get('/mw-config/index.php?localsettings=1')
    expect(settings.text).toContain('$wgSitename = "A wiki";')
    // Behind a proxy MediaWiki takes it that the port is the usual one, which that of a test is not.
    const server = `$wgServer = "${ann.origin}";`
    await wiki.commit({ 'LocalSettings.php': settings.text.replace(/^\$wgServer = .*$/m, () => server) })
    await wiki.pushOk()
    expect((await ann.get('/')).text).toContain('MediaWiki has been installed.')
    expect((await visitor.get('/LocalSettings.php')).status).toBe(404)
  })

  it('takes a page and a picture, served as what it is', async () => {
    const lgtoken = await token('login')
    const login = await api({ action: 'login', lgname: 'Ann', lgpassword: password, lgtoken })
    expect(login.text).toContain('"result":"Success"')
    await api({ action: 'edit', title: 'A page', text: 'Written by Ann', token: await token('csrf') })
    expect((await visitor.get('/index.php/A_page')).text).toContain('Written by Ann')
    const sent = picture('sea.png')
    await api({ action: 'upload', filename: 'Sea.png', ignorewarnings: '1', token: await token('csrf'), file: sent })
    const served = await visitor.get(await pictureUrl())
    expect(served).toMatchObject({ status: 200, headers: { 'content-type': 'image/png' } })
    expect(served.body.equals(sent.content)).toBe(true)
  })

  it('gets its scripts and styles', async () => {
    const { text } = await visitor.get('/index.php/Main_Page')
    const [, style = ''] = /<link rel="stylesheet" href="([^"]+)"/.exec(text) ?? []
    const styles = await visitor.get(style.replaceAll('&amp;', '&'))
    expect(styles).toMatchObject({ status: 200, headers: { 'content-type': 'text/css; charset=utf-8' } })
  })

  it('keeps page, picture and log-in through a deploy and a rollback', async () => {
    const settings = (await wiki.git('show', 'HEAD:LocalSettings.php')).stdout
    await wiki.commit({ 'LocalSettings.php': settings.replace('"A wiki"', '"Another wiki"') })
    await wiki.pushOk()
    expect(await seen()).toEqual({ name: 'Another wiki', page: true, picture: 200, user: 'Ann' })
    expect((await platform.admin.ssh('rollback wiki')).exitCode).toBe(0)
    expect(await seen()).toEqual({ name: 'A wiki', page: true, picture: 200, user: 'Ann' })
  })

  it('shows in storage what it has added', async () => {
    expect((await platform.admin.ssh('storage wiki')).stdout).toMatch(/images\/ +\S+ kB +\d+ +[1-9]\d* added/)
  })
})

/** Goes on from page to page, filling in what a page asks for, until nothing is asked any more. */
async function fillIn(first: Page, answers: Record<string, string>): Promise<Page> {
  let page = first
  for (let number = 0; number < 15 && page.text.includes('name="submit-continue"'); number++) {
    const asked = Object.entries(answers).filter(([name]) => page.text.includes(`name="${name}"`))
    const [, action = ''] = /<form method="post" action="([^"]*)"/.exec(page.text) ?? []
    page = await ann.post(action.replaceAll('&amp;', '&'), {
      ...formFields(page.text, 'method="post"'),
      ...Object.fromEntries(asked),
      'submit-continue': 'Continue',
    })
  }
  return page
}

async function api(fields: Fields): Promise<Page> {
  return await ann.post('/api.php?format=json&formatversion=2', fields)
}

async function token(type: 'login' | 'csrf'): Promise<string> {
  const { text } = await api({ action: 'query', meta: 'tokens', type })
  const answer = z.object({ query: z.object({ tokens: z.record(z.string(), z.string()) }) }).parse(JSON.parse(text))
  return answer.query.tokens[`${type}token`] ?? ''
}

async function pictureUrl(): Promise<string> {
  const { text } = await api({ action: 'query', titles: 'File:Sea.png', prop: 'imageinfo', iiprop: 'url' })
  const [, url = ''] = /"url":"([^"]+)"/.exec(text) ?? []
  return new URL(url).pathname
}

async function seen() {
  const main = (await ann.get('/index.php/Main_Page')).text
  const user = z.object({ query: z.object({ userinfo: z.object({ name: z.string() }) }) })
  const whoami = await api({ action: 'query', meta: 'userinfo' })
  return {
    name: /<title>Main Page - (.*?)<\/title>|<title>(.*?)<\/title>/.exec(main)?.slice(1).find(Boolean),
    page: (await ann.get('/index.php/A_page')).text.includes('Written by Ann'),
    picture: (await ann.get(await pictureUrl())).status,
    user: user.parse(JSON.parse(whoami.text)).query.userinfo.name,
  }
}
