import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { loadConfig, type Config } from '../../../src/config/load.ts'
import { repositoryPath } from '../../../src/config/home.ts'
import type { Deployments } from '../../../src/deploy/types.ts'
import { createGitDoor } from '../../../src/gateway/git-door.ts'
import type { GitService } from '../../../src/git/types.ts'
import type { ServeRequest } from '../../../src/git/serve.ts'
import { systemClock } from '../../../src/lib/clock.ts'
import { execOk } from '../../../src/lib/exec.ts'
import { exists } from '../../../src/lib/files.ts'
import { silentLog } from '../../../src/lib/log.ts'
import type { Account } from '../../../src/store/accounts.ts'
import { openStore, type Store } from '../../../src/store/store.ts'
import { visitBy } from './visitor.ts'

let config: Config
let store: Store
let [ada, bob]: Account[] = []
let ended: string[]
let served: ServeRequest[]
/** What git does with the next packs. */
let git: (request: ServeRequest) => Promise<number>
let routing: () => Promise<void>

beforeEach(async () => {
  config = loadConfig({ flags: { home: await mkdtemp(join(tmpdir(), 'git-door-')) }, env: {} })
  store = await openStore(':memory:', systemClock)
  ada = await store.accounts.add('ada', 'user')
  bob = await store.accounts.add('bob', 'user')
  ended = []
  served = []
  git = async () => 0
  routing = async () => undefined
})

afterEach(async () => {
  await store.close()
  await rm(config.home.root, { recursive: true })
})

const deployments: Pick<Deployments, 'push' | 'destroy' | 'routeDomains'> = {
  push: (site) => ({
    preReceive: async () => undefined,
    postReceive: async () => undefined,
    end: async () => void ended.push(site.name),
  }),
  async destroy(site) {
    await rm(repositoryPath(config.home, site.name), { recursive: true })
    await store.sites.remove(site.id)
  },
  routeDomains: () => routing(),
}

function door() {
  const servePack = async (request: ServeRequest) => {
    served.push(request)
    return await git(request)
  }
  return createGitDoor({ config, store, deployments, servePack, log: silentLog })
}

function ask(service: GitService) {
  return async (account: Account | undefined, site: string, through = door()): Promise<number> =>
    await through(visitBy(account!, { gitProtocol: 'version=2' }).request, { service, site })
}
const push = ask('git-receive-pack')
const fetch = ask('git-upload-pack')

/** A push that leaves a ref behind. */
async function keepRef({ repository }: ServeRequest): Promise<number> {
  const tree = (await execOk('git', ['-C', repository, 'mktree'], { input: '' })).trim()
  const identity = ['-c', 'user.name=a', '-c', 'user.email=a@example.org']
  const commit = (await execOk('git', [...identity, '-C', repository, 'commit-tree', '-m', 'x', tree])).trim()
  await execOk('git', ['-C', repository, 'update-ref', 'refs/tags/v1', commit])
  return 0
}

describe('a push', () => {
  it.each(['demo', '/demo', 'demo.git', '/demo.localhost.git', '~/demo', '/~/demo', 'demo/', 'DEMO'])(
    'to %s makes the site demo.localhost, with its domain and its repository',
    async (typed) => {
      git = keepRef
      expect(await push(ada, typed)).toBe(0)
      const site = await store.sites.findByDomain('demo.localhost')
      expect(site).toMatchObject({ name: 'demo.localhost', owner_id: ada?.id, branch: 'main' })
      expect(served[0]).toMatchObject({
        repository: repositoryPath(config.home, 'demo.localhost'),
        gitProtocol: 'version=2',
      })
      expect(served[0]?.hooks).toBeDefined()
      expect(ended).toEqual(['demo.localhost'])
    },
  )

  // The attack: a path out of the repositories, or something a shell would run, in the place of a name.
  it.each(['../../etc', '/etc/passwd', '..', '', '.git', '$(id)', 'a/b', 'localhost', '-x', 'demo\nx'])(
    'to %j is refused as a wrong name and makes nothing',
    async (typed) => {
      await expect(push(ada, typed)).rejects.toMatchObject({
        code: expect.stringMatching('invalid-name|forbidden') as string,
      })
      expect(await store.sites.list()).toEqual([])
      expect(served).toEqual([])
    },
  )

  it("to somebody else's site says so, though a site one can't see is otherwise denied to exist", async () => {
    git = keepRef
    await push(ada, 'demo')
    await expect(push(bob, 'demo')).rejects.toMatchObject({
      code: 'forbidden',
      message: 'demo.localhost belongs to somebody else',
    })
    expect(served).toHaveLength(1)
  })

  it('needs more than the right to read', async () => {
    git = keepRef
    await push(ada, 'demo')
    await store.grants.put((await store.sites.find('demo.localhost'))!.id, bob!.id, 'read')
    await expect(push(bob, 'demo')).rejects.toMatchObject({ code: 'forbidden' })
    await store.grants.put((await store.sites.find('demo.localhost'))!.id, bob!.id, 'write')
    expect(await push(bob, 'demo')).toBe(0)
  })

  it("to a name that is another site's domain is refused", async () => {
    git = keepRef
    await push(ada, 'demo')
    await store.domains.add('shop.localhost', (await store.sites.find('demo.localhost'))!.id)
    await expect(push(bob, 'shop')).rejects.toMatchObject({ code: 'conflict' })
  })

  it('that leaves nothing in a site it made takes the site away again', async () => {
    git = async () => 128
    expect(await push(ada, 'demo')).toBe(128)
    expect(await store.sites.list()).toEqual([])
    expect(await exists(repositoryPath(config.home, 'demo.localhost'))).toBe(false)
  })

  it('also when git or the platform fails in the middle', async () => {
    git = () => Promise.reject(new Error('spawn failed'))
    await expect(push(ada, 'demo')).rejects.toThrow('spawn failed')
    expect(ended).toEqual(['demo.localhost'])
    expect(await store.sites.list()).toEqual([])
  })

  it('also when the site could be made but not its route', async () => {
    routing = () => Promise.reject(new Error('no space left'))
    await expect(push(ada, 'demo')).rejects.toThrow('no space left')
    expect(served).toEqual([])
    expect(await store.sites.list()).toEqual([])
  })

  it('that fails leaves alone a site that was there before', async () => {
    git = keepRef
    await push(ada, 'demo')
    git = async () => 128
    await push(ada, 'demo')
    expect(await store.sites.list()).toHaveLength(1)
  })

  it('that failed leaves a site with releases, so that its owner can read why', async () => {
    git = async () => {
      const site = (await store.sites.find('demo.localhost'))!
      await store.releases.add({
        ...{ id: 'a'.repeat(16), site_id: site.id, commit: '0'.repeat(40) },
        ...{ subject: 'x', account_id: null, directory: 'a'.repeat(16) },
      })
      return 1
    }
    await push(ada, 'demo')
    expect(await store.sites.list()).toHaveLength(1)
  })

  it('does not take away the site under another first push that is still under way', async () => {
    const through = door()
    const second = Promise.withResolvers<number>()
    git = async () => (served.length === 1 ? await second.promise : 128)
    const slow = push(ada, 'demo', through)
    await expect.poll(() => served.length).toBe(1)
    expect(await push(ada, 'demo', through)).toBe(128)
    expect(await store.sites.list()).toHaveLength(1)
    await keepRef(served[0]!)
    second.resolve(0)
    expect(await slow).toBe(0)
    expect(await store.sites.list()).toHaveLength(1)
  })
})

describe('a fetch', () => {
  it('of a site that one may read gets no hooks', async () => {
    git = keepRef
    await push(ada, 'demo')
    expect(await fetch(ada, '/demo.git')).toBe(0)
    expect(served[1]?.hooks).toBeUndefined()
  })

  it("answers the same for somebody else's site and for none", async () => {
    git = keepRef
    await push(ada, 'demo')
    const answers = await Promise.all(['demo', 'none'].map((name) => fetch(bob, name).catch((error: unknown) => error)))
    const texts = answers.map((error) => String(error).replace(/(demo|none)\.localhost/, 'NAME'))
    expect(texts[0]).toBe(texts[1])
    expect(answers[0]).toMatchObject({ code: 'not-found' })
  })
})
