// WordPress as Debian has it: pushed as it is, installed in the browser, written in, deployed anew and rolled back; then with a
// wp-config.php of its own.
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { z } from 'zod'
import { startApplication } from '../../helpers/application.ts'
import { type Browser, formFields, picture } from '../../helpers/browser.ts'
import { projectRoot } from '../../helpers/paths.ts'
import type { Platform } from '../../helpers/platform.ts'
import { assembleWordPress, installWordPress } from '../../helpers/wordpress.ts'
import type { WorkingCopy } from '../../helpers/working-copy.ts'

const password = 'a long enough passphrase 7'
const mediaSchema = z.object({
  source_url: z.string(),
  media_details: z.object({ sizes: z.object({ medium: z.object({ source_url: z.string() }) }) }),
})

let platform: Platform
let blog: WorkingCopy
let ann: Browser
let visitor: Browser
let told: string

beforeAll(async () => {
  const application = await startApplication('blog', assembleWordPress)
  ;({ platform, copy: blog, told, owner: ann, visitor } = application)
}, 900_000)
afterAll(async () => await platform[Symbol.asyncDispose]())

describe('WordPress', () => {
  it('is recognised, and its push says so', () => {
    expect(told).toContain('WordPress, PHP 8.4 (the newest), nginx with php-fpm')
    expect(told).toContain('made the database of blog.localhost')
    expect(told).toContain('GET / answered 302')
  })

  it('is installed by its installer, which asks for no database', async () => {
    const welcome = await ann.get('/')
    expect(welcome.path).toBe('/wp-admin/install.php')
    const installed = await installWordPress(ann, { name: 'ann', password })
    expect(installed.text).toContain('WordPress has been installed')
    const login = formFields((await ann.get('/wp-login.php')).text, 'id="loginform"')
    const inside = await ann.post('/wp-login.php', { ...login, log: 'ann', pwd: password })
    expect(inside.path).toMatch(/^\/wp-admin\//)
    expect(inside.text).toContain('Dashboard')
  })

  it('takes a post, with an address in words', async () => {
    const settings = await ann.get('/wp-admin/options-permalink.php')
    const chosen = { selection: '/%postname%/', permalink_structure: '/%postname%/' }
    await ann.post('/wp-admin/options-permalink.php', {
      ...formFields(settings.text, 'options-permalink.php'),
      ...chosen,
    })
    const post = { title: 'A post', content: 'Written by ann', status: 'publish' }
    expect((await ann.post(await rest('wp/v2/posts'), post)).status).toBe(201)
    expect((await visitor.get('/a-post/')).text).toContain('Written by ann')
  })

  it('takes a picture, makes a smaller one of it, and serves both as what they are', async () => {
    const sent = picture('sea.png')
    const uploaded = await ann.post(await rest('wp/v2/media'), { file: sent })
    const media = mediaSchema.parse(JSON.parse(uploaded.text))
    const original = await ann.get(new URL(media.source_url).pathname)
    expect(original).toMatchObject({ status: 200, headers: { 'content-type': 'image/png' } })
    expect(original.body.equals(sent.content)).toBe(true)
    const smaller = await ann.get(new URL(media.media_details.sizes.medium.source_url).pathname)
    expect(smaller).toMatchObject({ status: 200, headers: { 'content-type': 'image/png' } })
  })

  it('runs nothing that was uploaded, and shows none of its insides', async () => {
    // As a hole in a plugin would leave it.
    await writeFile(join(platform.home.storage, 'blog.localhost/wp-content/uploads/shell.php'), '<?php echo "ran";')
    for (const path of ['/wp-config.php', '/wp-content/uploads/shell.php', '/wp-includes/version.php'])
      expect((await visitor.get(path)).text, path).not.toContain('<?php')
    expect((await visitor.get('/wp-content/uploads/shell.php')).status).toBe(403)
  })

  it('keeps post, picture and log-in through a deploy and a rollback', async () => {
    await blog.commit({
      'wp-content/mu-plugins/greeting.php': "<?php add_action('wp_footer', fn () => print('greeted'));",
    })
    await blog.pushOk()
    expect(await seen()).toEqual({ post: true, picture: 1, greeted: true, loggedIn: true })
    expect((await platform.admin.ssh('rollback blog')).exitCode).toBe(0)
    expect(await seen()).toEqual({ post: true, picture: 1, greeted: false, loggedIn: true })
  })

  it('has in storage what was uploaded, and nothing that is missing from the repository', async () => {
    const storage = await platform.admin.ssh('storage blog')
    expect(storage.stdout).toMatch(/wp-content\/uploads\/ +\S+ kB +[1-9]/)
    expect(storage.stdout).not.toContain('(elsewhere)')
  })

  it('reads the environment by a wp-config.php of the repository, too', async () => {
    const own = await readFile(join(projectRoot, 'buildpacks/php/apps/wordpress/wp-config.php'), 'utf8')
    await blog.commit({ 'wp-config.php': own.replace('<?php', "<?php header('X-Config: own');") })
    await blog.pushOk()
    expect((await visitor.get('/a-post/')).headers['x-config']).toBe('own')
    expect(await seen()).toMatchObject({ post: true, picture: 1, loggedIn: true })
  })
})

async function rest(route: string): Promise<string> {
  const { text: nonce } = await ann.get('/wp-admin/admin-ajax.php?action=rest-nonce')
  return `/index.php?rest_route=/${route}&_wpnonce=${nonce}`
}

async function seen() {
  const { text } = await visitor.get('/a-post/')
  const media = await ann.get(await rest('wp/v2/media'))
  const pictures = z.array(z.object({ source_url: z.string() })).parse(JSON.parse(media.text))
  const served = await Promise.all(pictures.map(({ source_url: url }) => ann.get(new URL(url).pathname)))
  return {
    post: text.includes('Written by ann'),
    picture: served.filter(({ status }) => status === 200).length,
    greeted: text.includes('greeted'),
    loggedIn: (await ann.get('/wp-admin/')).path.startsWith('/wp-admin/'),
  }
}
