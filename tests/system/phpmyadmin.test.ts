// phpMyAdmin as people meet it: a command prints an address, the address logs in once, to one database, for as long as they may change the site.
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { containersOf } from '../helpers/clean-up.ts'
import { type Credentials, credentialsOf, query } from '../helpers/database.ts'
import type { Answer } from '../helpers/http.ts'
import { type Platform, startPlatform } from '../helpers/platform.ts'
import type { Person } from '../helpers/person.ts'
import { curl } from '../helpers/tls.ts'
import { until } from '../helpers/until.ts'

/** The first use on a machine makes the images. */
const imageTimeoutMs = 900_000

let platform: Platform
let writer: Person
let demo: Credentials
let other: Credentials

/** A browser at phpMyAdmin's address, with the cookies of one person. */
class Visitor {
  readonly #cookies = new Map<string, { value: string; path: string }>()

  async get(path: string, headers: Record<string, string> = {}): Promise<Answer> {
    return await this.#ask(path, { headers })
  }

  async post(path: string, fields: Record<string, string>, headers: Record<string, string> = {}): Promise<Answer> {
    const form = { 'content-type': 'application/x-www-form-urlencoded', ...headers }
    return await this.#ask(path, { method: 'POST', headers: form, body: new URLSearchParams(fields).toString() })
  }

  async #ask(
    path: string,
    asked: { method?: string; headers: Record<string, string>; body?: string },
  ): Promise<Answer> {
    const sent = [...this.#cookies].filter(([, cookie]) => path.startsWith(cookie.path))
    const cookie = sent.map(([name, { value }]) => `${name.split(' ')[0] ?? ''}=${value}`).join('; ')
    const answer = await platform.get('db', path, { ...asked, headers: { cookie, ...asked.headers } })
    for (const line of answer.headers['set-cookie'] ?? []) {
      const [, name = '', value = ''] = /^([^=]+)=([^;]*)/.exec(line) ?? []
      const place = /path=([^;]*)/i.exec(line)?.[1] ?? '/'
      this.#cookies.set(`${name} ${place}`, { value, path: place })
    }
    return answer
  }
}

async function invitation(person: Person, site: string): Promise<URL> {
  const { exitCode, stdout, output } = await person.ssh(`db:admin ${site}`, { timeoutMs: imageTimeoutMs })
  if (exitCode !== 0) throw new Error(output)
  return new URL(/http:\S+/.exec(stdout)?.[0] ?? '')
}

async function logIn(person: Person, site: string): Promise<Visitor> {
  const { pathname, search } = await invitation(person, site)
  const visitor = new Visitor()
  expect((await visitor.get(pathname + search)).status).toBe(200)
  return visitor
}

const tokenIn = ({ text }: Answer) => /name="token" value="([^"]+)"/.exec(text)?.[1] ?? ''

/** Types a statement into the form for SQL. */
async function runSql(visitor: Visitor, { site, db, sql }: { site: string; db: string; sql: string }): Promise<Answer> {
  const form = await visitor.get(`/${site}/index.php?route=/database/sql&db=${db}&server=1`)
  const fields = { token: tokenIn(form), sql_query: sql, db, server: '1', ajax_request: 'true', is_js_confirmed: '0' }
  return await visitor.post(`/${site}/index.php?route=/import`, { ...fields, goto: 'index.php?route=/database/sql' })
}

beforeAll(async () => {
  platform = await startPlatform()
  writer = await platform.addPerson('writer')
  for (const site of ['demo', 'other']) {
    await platform.admin.ssh(`create ${site}`)
    expect((await platform.admin.ssh(`db:create ${site}`, { timeoutMs: imageTimeoutMs })).exitCode).toBe(0)
  }
  await platform.admin.ssh('access:add demo writer --role write')
  demo = await credentialsOf(platform, 'demo')
  other = await credentialsOf(platform, 'other')
  await query(platform, demo, "CREATE TABLE guests (name VARCHAR(40)); INSERT INTO guests VALUES ('Ada of demo')")
  await query(platform, other, "CREATE TABLE secrets (name VARCHAR(40)); INSERT INTO secrets VALUES ('Bob of other')")
}, imageTimeoutMs)
afterAll(async () => await platform[Symbol.asyncDispose]())

describe('phpMyAdmin', () => {
  it('shows who has no ticket how to get one, and tells nothing of sites', async () => {
    const visitor = new Visitor()
    for (const path of [
      '/',
      '/demo.localhost/',
      '/demo.localhost/index.php',
      '/nowhere.localhost/?ticket=',
      '/x/../y',
    ]) {
      const answer = await visitor.get(path)
      expect({ path, status: answer.status }).toEqual({ path, status: 403 })
    }
    expect((await visitor.get('/')).text).toContain('db:admin SITE')
    const [there, absent] = [await visitor.get('/demo.localhost/'), await visitor.get('/nowhere.localhost/')]
    expect(there.text).toContain('db:admin demo.localhost')
    expect(absent.text.replaceAll('nowhere', 'demo')).toBe(there.text)
    expect(await containersOf(platform.home, 'demo.localhost')).toEqual([])
  })

  it('is opened by a ticket, once, and works with the database of the site', async () => {
    const { pathname, search, host } = await invitation(writer, 'demo')
    expect(host).toBe(`db.localhost:${platform.httpPort}`)
    const visitor = new Visitor()
    const welcome = await visitor.get(pathname + search)
    expect(welcome.headers['set-cookie']?.[0]).toMatch(/; Path=\/demo\.localhost\/; .*HttpOnly; SameSite=Strict$/)
    expect(welcome.headers).toMatchObject({ 'cache-control': 'no-store', 'referrer-policy': 'no-referrer' })
    expect((await new Visitor().get(pathname + search)).status).toBe(403)
    // Whoever is in and reloads the address stays in.
    expect((await visitor.get(pathname + search)).headers.location).toBe('/demo.localhost/')

    const home = await visitor.get('/demo.localhost/')
    expect(home.text).toContain('phpMyAdmin')
    expect(home.headers['content-security-policy']).toContain("default-src 'self'")
    expect(home.headers['cache-control']).toContain('no-store')
    const answer = await runSql(visitor, { site: 'demo.localhost', db: demo.name, sql: 'SELECT name FROM guests' })
    expect(answer.text).toContain('Ada of demo')
    await runSql(visitor, { site: 'demo.localhost', db: demo.name, sql: "INSERT INTO guests VALUES ('by hand')" })
    expect(await query(platform, demo, 'SELECT COUNT(*) FROM guests')).toEqual([[2]])
  })

  it('is opened by HTTPS as well, and what that opened plain HTTP goes on with: the CA of a trial run is known to no browser', async () => {
    const address = await until(
      'a certificate',
      async () => /https:\S+/.exec((await writer.ssh('db:admin demo')).stdout)?.[0],
    )
    expect(address).toContain(`https://db.localhost:${platform.httpsPort}/demo.localhost/?ticket=`)
    const ca = join(platform.directory, 'ca.pem')
    await writeFile(ca, (await writer.ssh('ca')).stdout)
    const welcome = await curl(address, ca)
    expect(welcome.status).toBe(200)
    const cookie = welcome.headers['set-cookie'] ?? ''
    expect(cookie).toContain('HttpOnly')
    expect(cookie).not.toContain('Secure')
    const [visit = ''] = cookie.split(';')
    const page = await curl(`https://db.localhost:${platform.httpsPort}/demo.localhost/`, ca, [
      '-H',
      `cookie: ${visit}`,
    ])
    expect(page).toMatchObject({ status: 200, body: expect.stringContaining('phpMyAdmin') as string })
  })

  it('gives nothing of phpMyAdmin but its pages and assets', async () => {
    const visitor = await logIn(writer, 'demo')
    const asset = await visitor.get('/demo.localhost/js/vendor/jquery/jquery.min.js')
    expect(asset.status).toBe(200)
    for (const path of [
      'setup/index.php',
      'libraries/cache/routes.cache.php',
      'show_config_errors.php',
      'js/messages.php',
    ])
      expect({ path, status: (await visitor.get(`/demo.localhost/${path}`)).status }).toEqual({ path, status: 404 })
  })

  it('shows no other database, whatever is asked of it', async () => {
    const visitor = await logIn(writer, 'demo')
    const sql = `SELECT name FROM ${other.name}.secrets`
    const denied = await runSql(visitor, { site: 'demo.localhost', db: demo.name, sql })
    expect(denied.text).toMatch(/denied/i)
    expect(denied.text).not.toContain('Bob')
    const list = await runSql(visitor, {
      site: 'demo.localhost',
      db: demo.name,
      sql: 'SELECT SCHEMA_NAME FROM information_schema.SCHEMATA',
    })
    expect(list.text).toContain(demo.name)
    expect(list.text).not.toContain(other.name)
  })

  it('counts a ticket and a visit for one site', async () => {
    const visitor = await logIn(writer, 'demo')
    const misplaced = await invitation(writer, 'demo')
    expect((await visitor.get(`/other.localhost/${misplaced.search}`)).status).toBe(403)
    const { search } = await invitation(writer, 'demo')
    const cookie =
      (await new Visitor().get(`/demo.localhost/${search}`)).headers['set-cookie']?.[0]?.split(';')[0] ?? ''
    expect((await new Visitor().get('/demo.localhost/', { cookie })).status).toBe(200)
    expect((await new Visitor().get('/other.localhost/', { cookie })).status).toBe(403)
  })

  // The attack: a site on this server, beside db.localhost, sends its visitor's browser here, with the cookies of that person.
  it('refuses what a page of another site made the browser ask', async () => {
    const visitor = await logIn(writer, 'demo')
    for (const headers of [
      { 'sec-fetch-site': 'same-site' },
      { 'sec-fetch-site': 'cross-site' },
      { origin: 'http://evil.localhost' },
    ])
      expect((await visitor.get('/demo.localhost/index.php', headers)).text).toContain('Another page led here')
    const own = { origin: `http://db.localhost`, 'sec-fetch-site': 'same-origin' }
    expect((await visitor.get('/demo.localhost/index.php', own)).status).toBe(200)
  })

  it('is for those who may change the site', async () => {
    const reader = await platform.addPerson('reader')
    await platform.admin.ssh('access:add demo reader --role read')
    expect((await reader.ssh('db:admin demo')).exitCode).toBe(4)
    expect((await writer.ssh('db:admin other')).exitCode).toBe(3)
    expect((await platform.admin.ssh('create without')).exitCode).toBe(0)
    expect((await platform.admin.ssh('db:admin without')).output).toContain('has no database')
  })

  it('keeps its host name, and those below it, from sites', async () => {
    for (const name of ['db', 'login.db.localhost', 'DB.localhost.'])
      expect((await writer.ssh(`create ${name}`)).exitCode, name).toBeGreaterThan(1)
    expect((await platform.admin.ssh('domains:add demo db.localhost')).exitCode).toBe(4)
  })

  it('ends with the access, the password and the site', async () => {
    const [revoked, unused] = [await logIn(writer, 'demo'), await invitation(writer, 'demo')]
    await platform.admin.ssh('access:remove demo writer')
    expect((await revoked.get('/demo.localhost/')).status).toBe(403)
    expect((await new Visitor().get(unused.pathname + unused.search)).status).toBe(403)

    const rotated = await logIn(platform.admin, 'demo')
    expect((await platform.admin.ssh('db:rotate demo')).exitCode).toBe(0)
    expect((await rotated.get('/demo.localhost/')).status).toBe(403)
    const again = await logIn(platform.admin, 'demo')
    expect((await again.get('/demo.localhost/')).text).toContain(demo.name)

    expect((await platform.admin.ssh('destroy demo --confirm demo.localhost')).exitCode).toBe(0)
    expect((await again.get('/demo.localhost/')).status).toBe(403)
    expect((await platform.admin.ssh('create demo')).exitCode).toBe(0)
    expect((await platform.admin.ssh('db:create demo')).exitCode).toBe(0)
    expect((await again.get('/demo.localhost/')).status).toBe(403)
  })

  it('leaves nothing behind when the platform stops', async () => {
    const visitor = await logIn(platform.admin, 'other')
    expect((await visitor.get('/other.localhost/')).status).toBe(200)
    expect(await containersOf(platform.home, 'other.localhost')).toHaveLength(1)
    await platform.kill()
    await platform.start()
    expect(await containersOf(platform.home, 'other.localhost')).toEqual([])
    expect((await visitor.get('/other.localhost/')).status).toBe(403)
    expect((await (await logIn(platform.admin, 'other')).get('/other.localhost/')).status).toBe(200)
    await platform.stop()
    expect(await containersOf(platform.home)).toEqual([])
  })
})
