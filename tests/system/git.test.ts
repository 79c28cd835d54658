// Pushes, fetches and archives of real git clients through servePack.
import { randomBytes } from 'node:crypto'
import { mkdir, readdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { PassThrough } from 'node:stream'
import { setTimeout as delay } from 'node:timers/promises'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { HostingError } from '../../src/errors/hosting-error.ts'
import { cleanRepository, collectGarbage } from '../../src/git/housekeeping.ts'
import { forgetRelease, keepRelease } from '../../src/git/release-refs.ts'
import { readCommit } from '../../src/git/commit.ts'
import { openObjects } from '../../src/git/objects.ts'
import { ensureRepository, findRef, listBranches, setHeadBranch } from '../../src/git/repository.ts'
import { listTree } from '../../src/git/tree.ts'
import type { ObjectSource, PushHooks, ReceivedPush } from '../../src/git/types.ts'
import { start } from '../../src/lib/exec.ts'
import { exists } from '../../src/lib/files.ts'
import { acceptAll, type DoorOptions, type GitDoor, openGitDoor } from '../helpers/git-door.ts'
import { GitSource } from '../helpers/git-source.ts'
import { projectRoot, scratchDirectory } from '../helpers/paths.ts'
import { until } from '../helpers/until.ts'

const zero = '0'.repeat(40)
const page = { path: 'index.html', content: 'hello' }
let source: GitSource
let repository: string
let doors: GitDoor[]

beforeEach(async () => {
  source = await GitSource.create()
  repository = join(await scratchDirectory('repos'), 'a b.git')
  await ensureRepository(repository, { branch: 'main' })
  doors = []
})

afterEach(async () => {
  for (const door of doors) await door[Symbol.asyncDispose]()
})

async function open(options: Partial<DoorOptions> = {}): Promise<string> {
  const door = await openGitDoor({ repository, ...options })
  doors.push(door)
  return door.url
}

async function push(url: string, ...args: string[]) {
  return await source.tryGit(['push', url, ...args])
}

async function commitIn(objectSource: ObjectSource, commit: string) {
  await using objects = openObjects(objectSource)
  return await readCommit(objects, commit)
}

/** Hooks that note what they are called with. */
function recorder(preReceive: (push: ReceivedPush) => Promise<void> = async () => undefined) {
  const calls: { hook: 'pre' | 'post'; push: ReceivedPush }[] = []
  const hooks: PushHooks = {
    preReceive: async (received) => {
      calls.push({ hook: 'pre', push: received })
      await preReceive(received)
    },
    postReceive: async (received) => {
      calls.push({ hook: 'post', push: received })
      received.print('live')
    },
  }
  return { hooks, calls }
}

/** Once every connection so far has ended: git clears up after it has answered. */
async function quarantines(): Promise<string[]> {
  await until('the end of the connection', () => doors[0]!.served.length > 0)
  return (await readdir(join(repository, 'objects'))).filter((name) => name.includes('incoming'))
}

describe('a push', () => {
  it.each(['0', '1', '2'])(
    'goes through with protocol version %s, hooks asked before and told after',
    async (version) => {
      const commit = await source.commit([page])
      const { hooks, calls } = recorder(async (received) => {
        expect(await findRef(repository, 'refs/heads/main')).toBeUndefined()
        expect((await listTree(received.objects, commit, { maxFiles: 9, maxTreeBytes: 99 })).files).toHaveLength(1)
        expect(await commitIn(received.objects, commit)).toMatchObject({ subject: 'Change', author: 'T' })
        received.print('✓ built  50% \\n $HOME')
      })
      const url = await open({ hooks })
      const { exitCode, output } = await source.tryGit(['-c', `protocol.version=${version}`, 'push', url, 'main'])
      expect(output).toContain('remote: ✓ built  50% \\n $HOME')
      expect(output).toContain('remote: live')
      expect(exitCode).toBe(0)
      expect(calls.map(({ hook, push: { updates } }) => [hook, updates])).toEqual([
        ['pre', [{ ref: 'refs/heads/main', from: zero, to: commit }]],
        ['post', [{ ref: 'refs/heads/main', from: zero, to: commit }]],
      ])
      expect(await findRef(repository, 'refs/heads/main')).toBe(commit)
      expect(await quarantines()).toEqual([])
    },
  )

  it('prints line by line while the hook works', async () => {
    await source.commit([page])
    let seen = ''
    const { hooks } = recorder(async (received) => {
      received.print('first')
      await until('the first line at the client', () => seen.includes('remote: first'))
    })
    const child = start('git', ['push', await open({ hooks }), 'main'], { cwd: source.path })
    child.stderr!.on('data', (chunk: Buffer) => (seen += chunk.toString()))
    await until('the end', () => seen.includes('main -> main'))
  })

  it('is refused by a hook with its reason and hint, and leaves nothing behind', async () => {
    await source.commit([page])
    const { hooks, calls } = recorder(async () => {
      throw new HostingError('build-failed', 'The build ended with 1', {
        details: ['no \u001b[31mred'],
        hint: 'Fix it.',
      })
    })
    const { exitCode, output } = await push(await open({ hooks }), 'main')
    expect(exitCode).toBe(1)
    expect(output).toMatch(/remote: ✗ The build ended with 1 *\nremote: {5}no \\x1b\[31mred *\nremote: {3}→ Fix it\./)
    expect(output).toContain('pre-receive hook declined')
    expect(calls.map(({ hook }) => hook)).toEqual(['pre'])
    expect(await listBranches(repository)).toEqual([])
    expect(await quarantines()).toEqual([])
  })

  it('shows a reference and nothing else of an error that nobody expected', async () => {
    await source.commit([page])
    const { hooks } = recorder(async () => {
      throw new TypeError('secret of ours')
    })
    const { output } = await push(await open({ hooks }), 'main')
    expect(output).toMatch(/reference [0-9a-f]{8}/)
    expect(output).not.toContain('secret of ours')
  })

  it('stands when what comes after it fails, and says so', async () => {
    const commit = await source.commit([page])
    const hooks = {
      ...acceptAll,
      postReceive: async () => {
        throw new HostingError('unavailable', 'nginx is away')
      },
    }
    const { exitCode, output } = await push(await open({ hooks }), 'main')
    expect(output).toContain('remote: ✗ nginx is away')
    expect(exitCode).toBe(0)
    expect(await findRef(repository, 'refs/heads/main')).toBe(commit)
  })

  it('may be forced, delete branches, and bring tags', async () => {
    const first = await source.commit([page])
    const { hooks, calls } = recorder()
    const url = await open({ hooks })
    await source.git(['tag', '-a', '-m', 'one', 'v1'])
    await push(url, 'main', 'main:refs/heads/side', 'v1')
    const second = await source.commit([], { orphan: true })
    expect((await push(url, 'main')).output).toContain('[rejected]')
    expect((await push(url, '+main')).exitCode).toBe(0)
    expect((await push(url, ':side', ':main')).exitCode).toBe(0)
    const updates = calls.filter(({ hook }) => hook === 'post').map(({ push: { updates } }) => updates)
    expect(updates[0]!.map(({ ref }) => ref).sort()).toEqual(['refs/heads/main', 'refs/heads/side', 'refs/tags/v1'])
    expect(updates[1]).toEqual([{ ref: 'refs/heads/main', from: first, to: second }])
    expect(updates[2]!.map(({ to }) => to)).toEqual([zero, zero])
    expect(calls.at(-2)!.push.objects).toEqual({ repository })
    expect(await listBranches(repository)).toEqual([])
  })

  it('may bring hundreds of refs at once', async () => {
    const commit = await source.commit([page])
    const names = Array.from({ length: 300 }, (_, index) => `refs/heads/b${index}`)
    await source.git(['update-ref', '--stdin'], names.map((name) => `create ${name} ${commit}\n`).join(''))
    const { hooks, calls } = recorder()
    expect((await push(await open({ hooks }), '--all')).exitCode).toBe(0)
    expect(calls.map(({ push: { updates } }) => updates.length)).toEqual([301, 301])
  })

  it('of nothing new asks nobody', async () => {
    await source.commit([page])
    const { hooks, calls } = recorder()
    const url = await open({ hooks })
    await push(url, 'main')
    expect((await push(url, 'main')).output).toContain('Everything up-to-date')
    expect(calls).toHaveLength(2)
  })

  it('beside another one is served at the same time; the slower of two to one branch is refused by git', async () => {
    const [one, two] = [await source.commit([page]), await source.commit([page], { branch: 'two', orphan: true })]
    let waiting = 0
    const { hooks } = recorder(async () => {
      waiting += 1
      await until('both pushes', () => waiting === 2)
    })
    const url = await open({ hooks })
    const pushes = await Promise.all([push(url, 'main'), push(url, 'two:main')])
    expect(pushes.map(({ exitCode }) => exitCode).sort()).toEqual([0, 1])
    expect([one, two]).toContain(await findRef(repository, 'refs/heads/main'))
  })
})

describe('a bad push', () => {
  it.each([
    [
      'a .git directory in the tree',
      'hasDotgit',
      async () => await source.tree([{ mode: '40000', name: '.git', object: await source.tree([]) }]),
    ],
    [
      '.GIT in other letters',
      'hasDotgit',
      async () => await source.tree([{ mode: '100644', name: '.GIT', object: await source.object('blob', 'x') }]),
    ],
    [
      'a way out of the tree',
      'hasDotdot',
      async () => await source.tree([{ mode: '100644', name: '..', object: await source.object('blob', 'x') }]),
    ],
    [
      'a slash in a name',
      'fullPathname',
      async () => await source.tree([{ mode: '100644', name: 'a/b', object: await source.object('blob', 'x') }]),
    ],
    [
      'a name that is a file and a directory',
      'duplicateEntries',
      async () => {
        const blob = await source.object('blob', 'x')
        const tree = await source.tree([{ mode: '100644', name: 'x', object: blob }])
        return await source.tree([
          { mode: '100644', name: 'a', object: blob },
          { mode: '40000', name: 'a', object: tree },
        ])
      },
    ],
  ])('with %s is refused by fsck', async (_what, complaint, tree) => {
    await source.commitOf(await tree())
    const { hooks, calls } = recorder()
    const { exitCode, output } = await push(await open({ hooks }), 'main')
    expect(exitCode).toBe(1)
    expect(output).toContain(complaint)
    expect(calls).toEqual([])
    expect(await quarantines()).toEqual([])
  })

  it('over the size limit is refused with the key to change, before it is all there', async () => {
    const noise = randomBytes(3_000_000)
    await source.commit([{ path: 'big', content: noise }])
    const url = await open({ limits: { maxPackBytes: 1024 * 1024 } })
    const { exitCode, output } = await push(url, 'main')
    expect(exitCode).not.toBe(0)
    expect(output).toContain('pack exceeds maximum allowed size')
    await until('the end of the connection', () => doors[0]!.served.length === 1)
    expect(doors[0]!.served[0]!.stderr).toContain('raise max-push-mb')
    expect(await quarantines()).toEqual([])
  })

  it('with a tree bomb is received in no time and refused by the limit of its listing', async () => {
    const blob = await source.object('blob', 'x')
    await source.commitOf(await source.bomb(12, { mode: '100644', object: blob }))
    const { hooks } = recorder(async ({ objects, updates }) => {
      await listTree(objects, updates[0]!.to, { maxFiles: 10_000, maxTreeBytes: 1e9 })
    })
    const { exitCode, output } = await push(await open({ hooks }), 'main')
    expect(output).toContain('remote: ✗ The pushed tree has more than 10000 files')
    expect(exitCode).toBe(1)
  })

  it('of something that is not a commit can be found out before git finds it out', async () => {
    const blob = await source.object('blob', 'x')
    await source.commit([page])
    await source.git(['tag', '-a', '-m', 'one', 'v1'])
    const tag = (await source.find('refs/tags/v1'))!
    for (const object of [blob, tag])
      await expect(commitIn({ repository: source.path }, object)).rejects.toMatchObject({ code: 'push-refused' })
  })

  it('to refs/hosting is refused, and nobody sees what is there', async () => {
    const commit = await source.commit([page])
    const url = await open()
    await push(url, 'main')
    await keepRelease(repository, 7, commit)
    expect((await push(url, 'main:refs/hosting/releases/8')).output).toContain('deny updating a hidden ref')
    expect((await push(url, ':refs/hosting/releases/7')).exitCode).not.toBe(0)
    expect((await source.tryGit(['ls-remote', url])).output).not.toContain('hosting/releases')
    expect(await findRef(repository, 'refs/hosting/releases/7')).toBe(commit)
  })

  it('of a ref whose name is not UTF-8 is refused', async () => {
    const commit = await source.commit([page])
    await writeFile(Buffer.concat([Buffer.from(`${source.path}/refs/heads/x`), Buffer.from([0xff])]), `${commit}\n`)
    const { exitCode, output } = await push(await open(), '--all')
    expect(output).toContain("A ref can't have the name")
    expect(exitCode).toBe(1)
  })
})

describe('a client that leaves', () => {
  it('while the hook works: the push is finished', async () => {
    const commit = await source.commit([page])
    const client = Promise.withResolvers<ReturnType<typeof start>>()
    const { hooks, calls } = recorder(async (received) => {
      ;(await client.promise).kill('SIGKILL')
      await delay(50)
      for (let line = 0; line < 20_000; line++) received.print(`line ${line} of a log that nobody reads any more`)
    })
    client.resolve(start('git', ['push', await open({ hooks }), 'main'], { cwd: source.path }))
    await until('the end of the push', () => doors[0]!.served.length === 1)
    expect(doors[0]!.served[0]!.status).toBe(0)
    expect(calls.map(({ hook }) => hook)).toEqual(['pre', 'post'])
    expect(await findRef(repository, 'refs/heads/main')).toBe(commit)
  })

  it.each(['end', 'destroy'] as const)('in the middle of its pack (%s): the push fails by itself', async (how) => {
    const noise = randomBytes(1_000_000)
    await source.commit([{ path: 'big', content: noise }])
    const { hooks, calls } = recorder()
    const url = await open({
      hooks,
      through: (socket) => {
        const cut = new PassThrough()
        let passed = 0
        socket.on('data', (chunk: Buffer) => {
          passed += chunk.length
          if (passed < 500_000) cut.write(chunk)
          else cut[how]()
        })
        return cut
      },
    })
    expect((await push(url, 'main')).exitCode).not.toBe(0)
    await until('the end of the push', () => doors[0]!.served.length === 1)
    expect(await listBranches(repository)).toEqual([])
    expect(calls).toEqual([])
    expect(await quarantines()).toEqual([])
  })

  it('in the middle of a clone: git is ended', async () => {
    const noise = randomBytes(8_000_000)
    await source.commit([{ path: 'big', content: noise }])
    const url = await open()
    await push(url, 'main')
    const child = start('git', ['clone', '--bare', url, join(source.path, 'copy')], { cwd: source.path })
    await until('the clone to begin', () => doors[0]!.begun === 2)
    child.kill('SIGKILL')
    await until('the end of upload-pack', () => doors[0]!.served.length === 2)
  })
})

describe('a daemon that dies', () => {
  it('while a hook works: git refuses the push, and what it may leave behind is cleared up at the next start', async () => {
    await source.commit([page])
    const script = join(await scratchDirectory('door'), 'door.ts')
    await writeFile(
      script,
      `import { openGitDoor } from '${projectRoot}/tests/helpers/git-door.ts'
       const hang = ({ gitPid }) => { console.log('asked by', gitPid); return new Promise(() => {}) }
       const door = await openGitDoor({ repository: process.argv[2], hooks: { preReceive: hang, postReceive: hang } })
       console.log(door.url)`,
    )
    const daemon = start(process.execPath, [script, repository])
    let said = ''
    daemon.stdout!.on('data', (chunk: Buffer) => (said += chunk.toString()))
    const pushed = push(await until('the door', () => /git:\S+/.exec(said)?.[0]), 'main')
    const gitPid = await until('the hook', () => /asked by (\d+)\n/.exec(said)?.[1])
    daemon.kill('SIGKILL')
    expect((await pushed).exitCode).not.toBe(0)
    await until('the end of receive-pack', async () => !(await exists(`/proc/${gitPid}`)))
    await cleanRepository(repository)
    expect((await readdir(join(repository, 'objects'))).filter((name) => name.includes('incoming'))).toEqual([])
    expect(await listBranches(repository)).toEqual([])
  })
})

describe('a reader', () => {
  it.each(['0', '2'])(
    'clones, in full, shallow and in part, and fetches what is new (protocol %s)',
    async (version) => {
      await source.commit([page])
      const commit = await source.commit([page, { path: 'b', content: 'b' }])
      const url = await open()
      await push(url, 'main')
      const git = async (...args: string[]) => await source.git(['-c', `protocol.version=${version}`, ...args])
      await git('clone', '-q', url, join(source.path, 'full'))
      await git('clone', '-q', '--depth=1', url, join(source.path, 'shallow'))
      await git('clone', '-q', '--filter=blob:none', url, join(source.path, 'part'))
      expect(await readdir(join(source.path, 'part'))).toContain('index.html')
      expect((await git('-C', join(source.path, 'shallow'), 'rev-list', '--count', 'HEAD')).trim()).toBe('1')
      const next = await source.commit([page])
      await push(url, 'main')
      await git('-C', join(source.path, 'full'), 'pull', '-q')
      expect(await git('-C', join(source.path, 'full'), 'rev-parse', 'HEAD', 'HEAD~')).toBe(`${next}\n${commit}`)
      expect(doors[0]!.served.every(({ status }) => status === 0)).toBe(true)
    },
  )

  it('gets an archive', async () => {
    await source.commit([page])
    const url = await open()
    await push(url, 'main')
    expect(await source.git(['archive', `--remote=${url}`, '--format=tar', 'main'])).toContain('index.html')
  })

  it('of an empty repository is told which branch it has', async () => {
    await source.git(['clone', '-q', await open(), join(source.path, 'empty')])
    expect(await source.git(['-C', join(source.path, 'empty'), 'symbolic-ref', 'HEAD'])).toBe('refs/heads/main')
  })
})

describe('a repository', () => {
  it('is made once, also by two at the same time, with nothing beside it', async () => {
    const directory = await scratchDirectory('made')
    const path = join(directory, 'x', 'site.git')
    await Promise.all([1, 2, 3].map(async () => await ensureRepository(path, { branch: 'trunk' })))
    await ensureRepository(path, { branch: 'other' })
    expect(await readdir(join(directory, 'x'))).toEqual(['site.git'])
    expect(await source.git(['-C', path, 'symbolic-ref', 'HEAD'])).toBe('refs/heads/trunk')
    await setHeadBranch(path, 'live')
    expect(await source.git(['-C', path, 'symbolic-ref', 'HEAD'])).toBe('refs/heads/live')
  })

  it('finds a ref by its whole name only', async () => {
    const commit = await source.commit([page], { branch: 'main/x' })
    await push(await open(), 'main/x')
    expect(await findRef(repository, 'refs/heads/main')).toBeUndefined()
    expect(await listBranches(repository)).toEqual([{ name: 'main/x', commit }])
    await expect(findRef(repository, '--all')).rejects.toThrow()
    await expect(findRef(join(repository, 'objects'), 'refs/heads/main')).rejects.toThrow()
  })

  it("keeps a release's commit through a force-push and a collection, until it is forgotten", async () => {
    const commit = await source.commit([page])
    const url = await open()
    await push(url, 'main')
    await keepRelease(repository, 1, commit)
    await source.commit([], { orphan: true })
    await push(url, '+main')
    const collect = async () => {
      await collectGarbage(repository)
      await source.git(['-C', repository, 'prune', '--expire=now'])
    }
    await collect()
    expect(await commitIn({ repository }, commit)).toMatchObject({ subject: 'Change' })
    await forgetRelease(repository, 1)
    await forgetRelease(repository, 1)
    await source.git(['-C', repository, 'repack', '-qadk'])
    await source.git(['-C', repository, 'repack', '-qad'])
    await collect()
    await expect(commitIn({ repository }, commit)).rejects.toThrow()
  })

  it('is rid of what killed processes left, and of nothing else', async () => {
    const commit = await source.commit([page])
    const url = await open()
    await push(url, 'main')
    const leftovers = ['objects/tmp_objdir-incoming-Ab12Cd', 'objects/incoming-x', '../a b.git.0123.new']
    for (const name of leftovers) await mkdir(join(repository, name), { recursive: true })
    const locks = [
      'refs/heads/main.lock',
      'packed-refs.lock',
      'HEAD.lock',
      'config.lock',
      'objects/pack/tmp_pack_x',
      'gc.pid',
    ]
    for (const name of locks) await writeFile(join(repository, name), name === 'gc.pid' ? '999999999 host' : '')
    await source.commit([])
    expect((await push(url, 'main')).exitCode).toBe(1)
    await cleanRepository(repository)
    expect((await push(url, 'main')).exitCode).toBe(0)
    expect(await commitIn({ repository }, commit)).toMatchObject({ subject: 'Change' })
    expect(
      (await readdir(repository, { recursive: true })).filter((name) => /lock|tmp|incoming|gc\.pid/.test(name)),
    ).toEqual([])
    expect(await readdir(join(repository, '..'))).toEqual(['a b.git'])
    await cleanRepository(join(repository, '..', 'never-made.git'))
  })
})
