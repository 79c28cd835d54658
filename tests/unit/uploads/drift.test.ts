// What a site has made of its own files, hostile ones among them. The attacks: links that lead out, a FIFO that never ends to be read, more
// files than anybody may look at, a file that grows while it is read, names that type at the terminal.
import { appendFile, mkdir, mkdtemp, rename, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { releasePath, repositoryPath } from '../../../src/config/home.ts'
import { type Config, loadConfig } from '../../../src/config/load.ts'
import { rowsOf } from '../../../src/commands/storage/drift.ts'
import { writeManifest } from '../../../src/deploy/manifest.ts'
import type { Deployments } from '../../../src/deploy/types.ts'
import { createLfsObjects } from '../../../src/git/lfs/objects.ts'
import { systemClock } from '../../../src/lib/clock.ts'
import { silentLog } from '../../../src/lib/log.ts'
import type { Account } from '../../../src/store/accounts.ts'
import type { Site } from '../../../src/store/sites.ts'
import { openStore, type Store } from '../../../src/store/store.ts'
import type { CommitParts } from '../../../src/uploads/commit-view.ts'
import { commitDrift, findDrift, patchOf } from '../../../src/uploads/drift.ts'
import { GitSource } from '../../helpers/git-source.ts'
import { runOk } from '../../helpers/session.ts'

let config: Config
let store: Store
let site: Site
let account: Account
let parts: CommitParts & { readonly account: Account }
let storage: string
let source: GitSource

/** Accepts all that is pushed, as long as nobody looks. */
const push: Deployments['push'] = () => ({
  preReceive: () => Promise.resolve(),
  postReceive: () => Promise.resolve(),
  end: () => Promise.resolve(),
})

beforeEach(async () => {
  const home = await mkdtemp(join(tmpdir(), 'drift-'))
  config = loadConfig({ flags: { home, 'max-files': '50', 'max-release-mb': '1' }, env: {} })
  store = await openStore(':memory:', systemClock)
  account = await store.accounts.add('anna', 'user')
  const { id } = await store.sites.add({ name: 'demo.localhost', ownerId: account.id, branch: 'main' })
  const lfs = createLfsObjects({ config, store })
  // Read where it lies: no jail is started.
  const storages = { ensure: () => Promise.resolve(storage) }
  const jailer = { readsStorage: true, start: () => Promise.reject(new Error('a jail')) }
  const services = { config, store, lfs, storages, jailer }
  parts = { ...services, account, deployments: { push }, clock: systemClock, log: silentLog }
  source = await GitSource.create()
  const commit = await source.commit([
    { path: 'conf.php', content: 'as pushed\n' },
    { path: 'app/a.php', content: '<?php // 1\n' },
    { path: 'app/deep/b.php', content: '<?php // 2\n' },
    { path: 'index.php', content: 'x' },
  ])
  const repository = repositoryPath(config.home, 'demo.localhost')
  await mkdir(dirname(repository), { recursive: true })
  await rename(source.path, repository)
  await release(id, commit)
  site = await store.sites.get(id)
  storage = join(config.home.storage, 'demo.localhost')
  await put({ 'conf.php': 'as pushed\n', 'app/a.php': '<?php // 1\n', 'app/deep/b.php': '<?php // 2\n' })
})
afterEach(async () => {
  await store.close()
  await rm(config.home.root, { recursive: true })
  await rm(dirname(source.path), { recursive: true })
})

async function release(siteId: number, commit: string): Promise<void> {
  const facts = { site_id: siteId, commit, subject: '', account_id: null, directory: 'r1' }
  await store.releases.add({ id: 'r1', ...facts })
  const place = releasePath(config.home, 'demo.localhost', 'r1')
  await mkdir(place, { recursive: true })
  const paths = ['conf.php', 'app/', 'uploads/', 'fresh.php']
  await writeManifest(place, {
    ...{ buildpack: 'php', image: 'php-8.2', health: { path: '/', timeoutMs: 1 }, storage: paths, source: 'commit' },
    ...{ workers: {}, cron: [] },
  })
  await store.sites.update(siteId, { live_release_id: 'r1' })
}

async function put(files: Readonly<Record<string, string>>): Promise<void> {
  for (const [path, content] of Object.entries(files)) {
    await mkdir(dirname(join(storage, path)), { recursive: true })
    await writeFile(join(storage, path), content)
  }
}

const drift = async () => {
  await using found = (await findDrift(site, parts))!
  return rowsOf(found).map(({ path, change }) => `${change} ${path}`)
}
const commit = async () => {
  await using found = (await findDrift(site, parts))!
  return await commitDrift(site, found, { ...parts, message: 'As it is', print: () => undefined })
}
const shownFile = async (commit: string, path: string) =>
  (await runOk('git', ['show', `${commit}:${path}`], { cwd: repositoryPath(config.home, site.name) })).stdout

describe('drift', () => {
  it('is what the site has changed, added and removed of what the repository holds, and nothing once it is committed', async () => {
    expect(await drift()).toEqual([])
    await put({ 'conf.php': 'installed\n', 'fresh.php': 'made', 'app/new.php': 'new', 'uploads/x.jpg': 'jpg' })
    await rm(join(storage, 'app/deep'), { recursive: true })
    expect(await drift()).toEqual([
      'removed app/deep/b.php',
      'added app/new.php',
      'changed conf.php',
      'added fresh.php',
    ])
    await using found = (await findDrift(site, parts))!
    const patch = await patchOf(site, found, parts)
    for (const line of ['-as pushed', '+installed', 'deleted file mode', '+++ b/fresh.php'])
      expect(patch).toContain(line)
    const made = await commit()
    expect(await shownFile(made, 'conf.php')).toBe('installed\n')
    expect(await shownFile(made, 'index.php')).toBe('x')
    expect(await drift()).toEqual([])
  })

  it('follows no link, reads no FIFO, and shows names as text', async () => {
    await rm(join(storage, 'app/deep'), { recursive: true })
    await symlink('/etc', join(storage, 'app/deep'))
    await symlink('/etc/passwd', join(storage, 'app/passwd'))
    await runOk('mkfifo', [join(storage, 'app/fifo')])
    await mkdir(join(storage, 'app/.git'))
    await put({ 'app/\u001b[2J\n.php': 'x' })
    const rows = await drift()
    expect(rows.join('\n')).not.toContain('\u001b')
    expect(rows).toHaveLength(4)
    const made = await commit()
    expect(await shownFile(made, 'app/passwd')).toBe('/etc/passwd')
    expect(await shownFile(made, 'app/deep')).toBe('/etc')
    expect(await drift()).toEqual([])
  })

  it('takes nothing for removed where there is more than it may look at', async () => {
    await put(Object.fromEntries(Array.from({ length: 60 }, (_, at) => [`app/${at}.txt`, 'x'])))
    await expect(drift()).rejects.toMatchObject({ code: 'too-large' })
  })

  it('that is too much gets into no repository', async () => {
    await put({ 'app/large.log': 'x'.repeat(2 * 1024 * 1024) })
    expect(await drift()).toEqual(['added app/large.log'])
    await expect(commit()).rejects.toMatchObject({ code: 'too-large' })
  })

  it('of a file that is being written is not committed', async () => {
    await put({ 'conf.php': 'half' })
    await using found = (await findDrift(site, parts))!
    await appendFile(join(storage, 'conf.php'), ' and more')
    await expect(commitDrift(site, found, { ...parts, message: 'x', print: () => undefined })).rejects.toMatchObject({
      code: 'busy',
    })
  })
})
