// What a container may do is decided in these descriptions: each line here is a promise to the neighbours.
import { describe, expect, it } from 'vitest'
import { renderBuild } from '../../../src/runtime/docker/build-container.ts'
import { renderInstance } from '../../../src/runtime/docker/instance-container.ts'
import { cacheVolumeName } from '../../../src/runtime/docker/labels.ts'
import { renderTool } from '../../../src/runtime/docker/tool-container.ts'

const limits = { memoryMb: 64, cpus: 10_000, pids: 32 }
const instance = renderInstance(
  {
    id: 'i1',
    site: 'example.org',
    image: 'static',
    uid: 200_001,
    releaseDirectory: '/r',
    instanceDirectory: '/i',
    limits,
    env: { NAME: 'a b' },
    network: 'none',
  },
  { homeId: 'home1', image: 'hosting/static:1', network: 'none' },
)
const build = renderBuild(
  {
    id: 'b1',
    site: 'example.org',
    uid: 200_001,
    buildpack: 'static',
    sourceDirectory: '/s',
    env: { SECRET: 'x' },
    limits,
    timeoutMs: 1,
    output: () => undefined,
  },
  { homeId: 'home1', buildpacksDirectory: '/b', image: 'hosting/builder:1', network: 'hosting-build' },
)
const tool = renderTool(
  {
    id: 't1',
    site: 'example.org',
    image: 'php-8.4',
    command: ['one-off', 'php'],
    workingDirectory: '/site/tree',
    uid: 200_001,
    env: {},
    mounts: [{ source: '/r', target: '/site', access: 'ro' }],
    limits,
    network: 'none',
  },
  { homeId: 'home1', image: 'hosting/php-8.4:1', network: 'none', hasInput: true, hasTerminal: false },
)

describe.each([
  ['an instance', instance],
  ['a build', build],
  ['a tool', tool],
])('%s', (_, { User, HostConfig, Labels }) => {
  it('runs as its own uid without capabilities or a way to gain any', () => {
    expect(User).toBe('200001:200001')
    expect(HostConfig).toMatchObject({ CapDrop: ['ALL'], SecurityOpt: ['no-new-privileges'], ReadonlyRootfs: true })
    expect(HostConfig?.Privileged ?? false).toBe(false)
  })

  it('has limits, and no swap on top of its memory', () => {
    expect(HostConfig).toMatchObject({ PidsLimit: 32, Memory: 64 * 1024 ** 2, MemorySwap: 64 * 1024 ** 2 })
  })

  it('asks for no more CPUs than the machine has, which Docker would refuse', () => {
    expect(HostConfig?.NanoCpus).toBeLessThan(10_000 * 1e9)
  })

  it('says whose it is', () => expect(Labels).toMatchObject({ 'hosting.home': 'home1', 'hosting.site': 'example.org' }))

  it('binds nothing of the host writable but its instance directory', () => {
    const writable = HostConfig?.Mounts?.filter((mount) => mount.Type === 'bind' && !mount.ReadOnly)
    expect(writable?.map((mount) => mount.Target) ?? []).toEqual(
      HostConfig === instance.HostConfig ? ['/run/site'] : [],
    )
  })
})

describe('an instance', () => {
  it('has no network and a temporary directory where nothing can be run', () => {
    expect(instance.HostConfig?.NetworkMode).toBe('none')
    expect((instance.HostConfig?.Tmpfs as Record<string, string>)['/tmp']).toMatch(/noexec,nosuid/)
  })
})

describe('a tool', () => {
  it('starts where it is told, as a child of an init that forwards signals, which process 1 would ignore', () => {
    expect(tool).toMatchObject({ WorkingDir: '/site/tree', HostConfig: { Init: true } })
  })
})

describe('a build', () => {
  it('carries no variable of its site where docker inspect would show it', () => {
    expect(JSON.stringify(build)).not.toContain('SECRET')
  })

  it('keeps a cache a site, under a name that a file system takes', () => {
    expect(cacheVolumeName('h', 'example.org')).toBe('hosting-h-cache-example.org')
    const long = ['a', 'b'].map((first) => cacheVolumeName('h', `${first}${'x'.repeat(252)}`))
    expect(new Set(long).size).toBe(2)
    expect(long[0]?.length).toBeLessThan(256)
  })
})
