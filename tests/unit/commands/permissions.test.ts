// Every command for every kind of visitor. A command that is missing here fails the test: nobody forgets to think about it.
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Scope } from '../../../src/access/authorize.ts'
import { registry } from '../../../src/commands/registry.ts'
import type { CertificateStatus } from '../../../src/certs/types.ts'
import { createPlatform, type Platform } from './platform.ts'

const visitors = ['root', 'owner', 'writer', 'reader', 'stranger'] as const
const [ok, missing, forbidden] = [0, 3, 4]

/** Words, and the exit status for admin, owner, writer, reader, stranger. Nothing here lastingly changes what the others see. */
const matrix: Record<string, readonly [words: string, ...statuses: number[]][]> = {
  sites: [['sites', ok, ok, ok, ok, ok]],
  create: [['create VISITOR-new', ok, ok, ok, ok, ok]],
  info: [['info demo', ok, ok, ok, ok, missing]],
  logs: [['logs demo', ok, ok, ok, ok, missing]],
  start: [['start demo', ok, ok, ok, forbidden, missing]],
  stop: [['stop demo', ok, ok, ok, forbidden, missing]],
  restart: [['restart demo', ok, ok, ok, forbidden, missing]],
  run: [['run demo -- true', ok, ok, ok, forbidden, missing]],
  // There is no terminal here: refused when it is allowed.
  shell: [['shell demo', 2, 2, 2, forbidden, missing]],
  branch: [
    ['branch demo', ok, ok, ok, ok, missing],
    ['branch demo main', ok, ok, forbidden, forbidden, missing],
  ],
  destroy: [['destroy demo --confirm demo.localhost', ok, ok, forbidden, forbidden, missing]],
  releases: [
    ['releases demo', ok, ok, ok, ok, missing],
    ['releases demo 1', ok, ok, ok, ok, missing],
  ],
  rollback: [['rollback demo', ok, ok, ok, forbidden, missing]],
  env: [
    ['env demo', ok, ok, ok, ok, missing],
    ['env demo --reveal', ok, ok, ok, forbidden, missing],
  ],
  'env:set': [['env:set demo A=1', ok, ok, ok, forbidden, missing]],
  'env:unset': [['env:unset demo A', ok, ok, ok, forbidden, missing]],
  db: [
    ['db demo', ok, ok, ok, ok, missing],
    ['db demo --reveal', ok, ok, ok, forbidden, missing],
  ],
  'db:admin': [['db:admin demo', ok, ok, ok, forbidden, missing]],
  'db:create': [['db:create demo', ok, ok, ok, forbidden, missing]],
  'db:dump': [['db:dump demo', ok, ok, ok, forbidden, missing]],
  'db:restore': [['db:restore demo', ok, ok, ok, forbidden, missing]],
  'db:rotate': [['db:rotate demo', ok, ok, ok, forbidden, missing]],
  'db:destroy': [['db:destroy demo --confirm demo.localhost', ok, ok, forbidden, forbidden, missing]],
  cron: [['cron demo', ok, ok, ok, ok, missing]],
  'cron:run': [['cron:run demo 1', ok, ok, ok, forbidden, missing]],
  storage: [['storage demo', ok, ok, ok, ok, missing]],
  drift: [['drift demo', ok, ok, ok, ok, missing]],
  'drift:commit': [['drift:commit demo', 5, 5, 5, forbidden, missing]],
  domains: [['domains demo', ok, ok, ok, ok, missing]],
  'domains:add': [['domains:add demo VISITOR.example.org', ok, ok, forbidden, forbidden, missing]],
  'domains:remove': [['domains:remove demo VISITOR.example.net', ok, ok, forbidden, forbidden, missing]],
  'domains:primary': [['domains:primary demo demo', ok, ok, forbidden, forbidden, missing]],
  'domains:allow': [['domains:allow demo demo guest', ok, ok, forbidden, forbidden, missing]],
  'domains:disallow': [['domains:disallow demo demo guest-VISITOR', ok, ok, forbidden, forbidden, missing]],
  certs: [['certs demo', ok, ok, ok, ok, missing]],
  // Nothing is sent: refused when it is allowed.
  'certs:upload': [['certs:upload demo', 2, 2, forbidden, forbidden, missing]],
  'certs:check': [['certs:check demo', ok, ok, ok, ok, missing]],
  'certs:renew': [['certs:renew demo demo', ok, ok, ok, forbidden, missing]],
  'certs:remove': [['certs:remove demo', ok, ok, forbidden, forbidden, missing]],
  'certs:rollover': [['certs:rollover', ok, forbidden, forbidden, forbidden, forbidden]],
  'maintenance:on': [['maintenance:on demo', ok, ok, ok, forbidden, missing]],
  'maintenance:off': [['maintenance:off demo', ok, ok, ok, forbidden, missing]],
  protect: [['protect demo VISITOR --generate', ok, ok, forbidden, forbidden, missing]],
  unprotect: [['unprotect demo for-VISITOR', ok, ok, forbidden, forbidden, missing]],
  'hsts:on': [['hsts:on demo', ok, ok, forbidden, forbidden, missing]],
  'hsts:off': [['hsts:off demo', ok, ok, forbidden, forbidden, missing]],
  access: [['access demo', ok, ok, ok, ok, missing]],
  'access:add': [['access:add demo guest', ok, ok, forbidden, forbidden, missing]],
  'access:remove': [['access:remove demo guest-VISITOR', ok, ok, forbidden, forbidden, missing]],
  keys: [
    ['keys', ok, ok, ok, ok, ok],
    ['keys --account guest', ok, forbidden, forbidden, forbidden, forbidden],
  ],
  'keys:add': [['keys:add --account guest nonsense', 2, forbidden, forbidden, forbidden, forbidden]],
  'keys:remove': [['keys:remove x --account guest', missing, forbidden, forbidden, forbidden, forbidden]],
  // Nothing is sent: refused when it is allowed.
  password: [
    ['password', 2, 2, 2, 2, 2],
    ['password --account guest', 2, forbidden, forbidden, forbidden, forbidden],
  ],
  tokens: [
    ['tokens', ok, ok, ok, ok, ok],
    ['tokens --account guest', ok, forbidden, forbidden, forbidden, forbidden],
  ],
  'tokens:add': [
    ['tokens:add', ok, ok, ok, ok, ok],
    ['tokens:add --site demo', ok, ok, ok, ok, missing],
    ['tokens:add --site demo --write', ok, ok, ok, forbidden, missing],
    ['tokens:add --account guest', ok, forbidden, forbidden, forbidden, forbidden],
  ],
  'tokens:remove': [
    ['tokens:remove nothing', missing, missing, missing, missing, missing],
    ['tokens:remove nothing --account guest', missing, forbidden, forbidden, forbidden, forbidden],
  ],
  logins: [['logins', ok, forbidden, forbidden, forbidden, forbidden]],
  'logins:unblock': [['logins:unblock guest', missing, forbidden, forbidden, forbidden, forbidden]],
  accounts: [['accounts', ok, forbidden, forbidden, forbidden, forbidden]],
  'accounts:add': [['accounts:add new-VISITOR', ok, forbidden, forbidden, forbidden, forbidden]],
  'accounts:remove': [['accounts:remove guest-VISITOR', ok, forbidden, forbidden, forbidden, forbidden]],
  contact: [
    ['contact', ok, ok, ok, ok, ok],
    ['contact a@example.org', ok, ok, ok, ok, ok],
    ['contact --account guest', ok, forbidden, forbidden, forbidden, forbidden],
  ],
  whoami: [['whoami', ok, ok, ok, ok, ok]],
  help: [['help', ok, ok, ok, ok, ok]],
  version: [['version', ok, ok, ok, ok, ok]],
  ca: [['ca', missing, missing, missing, missing, missing]],
}

let platform: Platform

const uploaded: CertificateStatus = {
  name: 'demo.localhost',
  state: 'serving',
  certificate: {
    ...{ id: 'c', source: 'uploaded', names: ['demo.localhost'], issuer: 'A CA' },
    ...{ notBefore: new Date(0), notAfter: new Date('2100-01-01') },
  },
}

beforeAll(async () => {
  platform = await createPlatform({
    certificates: {
      of: () => Promise.resolve([uploaded]),
      renew: () => Promise.resolve(uploaded),
      check: () => Promise.resolve([]),
      release: () => Promise.resolve(),
      rollOver: () => Promise.resolve('https://ca.example/directory'),
    },
    deployments: {
      runCron: () => Promise.resolve({ result: 'done', exitCode: null }),
      changeEnvironment: () => Promise.resolve({ changed: ['A'] }),
      runOneOff: () => Promise.resolve(0),
      rollback: async (site) => await platform.store.releases.find(site.id, 1).then((release) => release!),
    },
  })
  const { store } = platform
  await platform.account('root', 'admin')
  await platform.account('guest')
  const demo = await platform.site('demo.localhost', 'owner')
  await platform.release(demo.id)
  for (const role of ['read', 'write'] as const)
    await store.grants.put(demo.id, (await platform.account(role === 'read' ? 'reader' : 'writer')).id, role)
  for (const visitor of visitors) {
    await store.domains.add(`${visitor}.example.net`, demo.id)
    const guest = await platform.account(`guest-${visitor}`)
    await store.grants.put(demo.id, guest.id, 'read')
    await store.consents.put('demo.localhost', guest.id)
    await store.sitePasswords.put(demo.id, `for-${visitor}`, '$6$x')
  }
})
afterAll(async () => await platform[Symbol.asyncDispose]())

describe('permissions', () => {
  it('are decided for every command', () => {
    expect(Object.keys(matrix).sort()).toEqual(registry.map(({ name }) => name).sort())
  })

  for (const [words, ...statuses] of Object.values(matrix).flat())
    it(words, async () => {
      const answers = []
      for (const as of visitors) answers.push(await platform.run(words.replace('VISITOR', as), { as }))
      expect(answers.map(({ code }) => code)).toEqual(statuses)
    })

  it('of a token are those of the sources of its sites, and no more', async () => {
    const { store } = platform
    const { id } = (await store.sites.find('demo.localhost'))!
    const scopes = {
      read: { token: 't', may: 'read', sites: [id] },
      write: { token: 't', may: 'write', sites: 'all' },
    } as const
    const allowed = async (scope: Scope) => {
      const codes = new Map<string, number>()
      for (const [words] of Object.values(matrix).flat())
        codes.set(words, (await platform.run(words.replace('VISITOR', 'tok'), { as: 'owner', scope })).code)
      return [...codes].filter(([, code]) => code !== forbidden).map(([words]) => words)
    }
    const reading = registry
      .filter(({ permission }) => ['site:read', 'anybody'].includes(permission))
      .map(({ name }) => name)
    const read = await allowed(scopes.read)
    expect(read.map((words) => words.split(' ')[0]).filter((name) => !reading.includes(name!))).toEqual([])
    expect(read).toContain('info demo')
    expect(read).not.toContain('env demo --reveal')
    expect((await allowed(scopes.write)).sort()).toEqual(['create VISITOR-new', ...read].sort())
    const other = await platform.run('info demo', { as: 'owner', scope: { ...scopes.read, sites: [id + 1000] } })
    const absent = await platform.run('info nowhere', { as: 'owner', scope: scopes.read })
    expect(other.err.replaceAll('demo', 'nowhere')).toBe(absent.err)
  })

  it('of a site that is hidden and of one that is not there look the same', async () => {
    const hidden = await platform.run('info demo', { as: 'stranger' })
    const absent = await platform.run('info nowhere', { as: 'stranger' })
    expect(hidden.err.replaceAll('demo', 'nowhere')).toBe(absent.err)
  })

  it('are asked for by the wrapper wherever a site is named', () => {
    const bySite = registry.filter((command) => command.arguments?.[0]?.name === 'site')
    const unprotected = bySite.filter(({ permission }) => !permission.startsWith('site:')).map(({ name }) => name)
    expect(unprotected).toEqual([])
    expect(bySite.length).toBeGreaterThan(15)
  })
})
