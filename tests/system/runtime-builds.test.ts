// Builds on the real Docker: tenants' commands, what they may reach, how they end. And images that are made on the way.
import { chmod, mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises'
import { createServer } from 'node:http'
import { networkInterfaces, tmpdir } from 'node:os'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import Docker from 'dockerode'
import { extract } from 'tar-stream'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createId } from '../../src/lib/id.ts'
import { silentLog } from '../../src/lib/log.ts'
import { createDockerRuntime } from '../../src/runtime/docker/docker-runtime.ts'
import { createNetworks } from '../../src/runtime/docker/networks.ts'
import type { BuildResult, BuildSpec, Runtime } from '../../src/runtime/runtime.ts'

const docker = new Docker()
const homeId = `t${createId().slice(-7)}`
const site = 'build.example.org'
const uid = 231_008
const realBuildpacks = join(import.meta.dirname, '../../buildpacks')

let directory: string
let buildpacksDirectory: string
let runtime: Runtime

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'hosting-builds-'))
  await chmod(directory, 0o755)
  buildpacksDirectory = join(directory, 'buildpacks')
  await mkdir(buildpacksDirectory)
  for (const name of ['base', 'builder', 'nftables'])
    await symlink(join(realBuildpacks, name), join(buildpacksDirectory, name))
  await writeBuildpack('tester/bin/compile', '#!/bin/sh\nset -e\ncd "$1"\n. "$3/SCRIPT"\n')
  await mkdir(join(directory, 'source/sub'), { recursive: true })
  await writeFile(join(directory, 'source/sub/page.html'), 'hello')
  await symlink('/etc/passwd', join(directory, 'source/link'))
  runtime = createDockerRuntime({ homeId, buildpacksDirectory, log: silentLog })
  expect(await endOf(build('true').result)).toEqual({ exitCode: 0, killed: undefined })
}, 900_000)

afterAll(async () => {
  for (const { id } of await runtime.list()) await runtime.remove(id)
  await runtime.forgetSite(site)
  await runtime.close()
  await rm(directory, { recursive: true })
})

async function writeBuildpack(path: string, content: string): Promise<void> {
  await mkdir(join(buildpacksDirectory, path, '..'), { recursive: true })
  await writeFile(join(buildpacksDirectory, path), content, { mode: 0o755 })
}

/** Starts a build of a shell script, which the buildpack of these tests runs in the copied tree. */
function build(script: string, options: Partial<BuildSpec> = {}): { result: Promise<BuildResult>; lines: string[] } {
  const lines: string[] = []
  const result = runtime.build({
    id: createId(),
    site,
    uid,
    buildpack: 'tester',
    sourceDirectory: join(directory, 'source'),
    env: { SCRIPT: script, API_KEY: 'seven' },
    limits: { memoryMb: 256, cpus: 1, pids: 64 },
    timeoutMs: 60_000,
    output: (line) => lines.push(line),
    ...options,
  })
  return { result, lines }
}

/** How a build ended, its container removed. */
async function endOf(result: Promise<BuildResult>) {
  const done = await result
  await done.dispose()
  return { exitCode: done.exitCode, killed: done.killed }
}

async function linesOf(script: string): Promise<string[]> {
  const { result, lines } = build(script)
  await endOf(result)
  return lines
}

async function treeOf(done: BuildResult): Promise<Record<string, string>> {
  const tree: Record<string, string> = {}
  const archive = (await done.output()).pipe(extract())
  for await (const entry of archive) {
    const { name, type, linkname } = entry.header
    tree[name.replace('./', '')] = type === 'symlink' ? `→ ${linkname}` : type === 'file' ? await text(entry) : type
    entry.resume()
  }
  return tree
}

describe('a build', () => {
  it('gives the tree that its command leaves, links as links, and removes its traces', async () => {
    const { result, lines } = build('tr a-z A-Z < sub/page.html > made.html; echo done; echo oh >&2')
    const done = await result
    expect(done.exitCode).toBe(0)
    expect(lines.toSorted()).toEqual(['done', 'oh'])
    const tree = await treeOf(done)
    expect(tree).toMatchObject({ 'made.html': 'HELLO', 'sub/page.html': 'hello', link: '→ /etc/passwd' })
    await done.dispose()
    expect(await runtime.list()).toEqual([])
  })

  it('reports the exit code of a command that fails, with what it said', async () => {
    const { result, lines } = build('echo no such generator; exit 42')
    expect(await endOf(result)).toEqual({ exitCode: 42, killed: undefined })
    expect(lines).toEqual(['no such generator'])
  })

  it('reads its variables from files that are its own', async () => {
    expect(await linesOf('cat "$3/API_KEY"; echo; stat -c "%a %u" "$3/API_KEY"')).toEqual(['seven', `400 ${uid}`])
  })

  it('keeps its cache for the next one of the same site, and only that', async () => {
    await linesOf('echo kept > "$2/note"')
    expect(await linesOf('cat "$2/note"')).toEqual(['kept'])
    const { result, lines } = build('ls "$2"', { site: 'other.example.org' })
    await endOf(result)
    expect(lines).toEqual([])
    await runtime.forgetSite('other.example.org')
    await runtime.forgetSite('other.example.org')
    await runtime.forgetSite(site)
    expect(await linesOf('ls "$2"')).toEqual([])
  })

  it('is confined: own uid, no capabilities, a root and a source that it cannot write', async () => {
    const lines = await linesOf(`
      id -u; grep -E 'CapEff|CapBnd|NoNewPrivs' /proc/self/status | tr '\\t' ' '
      for place in / /etc /source /buildpack /usr/local/bin; do touch $place/x 2>/dev/null && echo wrote $place; done
      cat /etc/shadow 2>/dev/null || echo no shadow`)
    const nothing = '0000000000000000'
    const expected = [String(uid), `CapBnd: ${nothing}`, `CapEff: ${nothing}`, 'NoNewPrivs: 1', 'no shadow']
    expect(lines.toSorted()).toEqual(expected.toSorted())
  })

  it('finds the tools that sites are built with', async () => {
    const tools = ['node', 'npm', 'hugo', 'jekyll', 'git', 'make']
    const lines = await linesOf(`for tool in ${tools.join(' ')}; do command -v $tool; done`)
    expect(lines).toEqual(tools.map((tool) => `/usr/bin/${tool}`))
  })

  it('is ended when its time is up', async () => {
    const { result } = build('echo on; sleep 600', { timeoutMs: 1500 })
    expect(await endOf(result)).toEqual({ exitCode: 137, killed: 'timeout' })
  })

  it('is ended when it takes more memory than it may, and that is said', async () => {
    const script = 'node -e "const a = []; for (;;) a.push(Buffer.alloc(16 << 20, 1))"'
    const { result } = build(script, { limits: { memoryMb: 128, cpus: 1, pids: 64 } })
    const { exitCode, killed } = await endOf(result)
    expect(killed).toBe('memory')
    expect(exitCode).not.toBe(0)
  })

  it('cannot fork without end', async () => {
    const { result, lines } = build('for n in $(seq 200); do sleep 5 & done; wait', { timeoutMs: 20_000 })
    expect((await endOf(result)).exitCode).not.toBe(0)
    expect(lines.join('\n')).toMatch(/[Cc]annot fork/)
  })

  it('is killed by the signal, and leaves nothing', async () => {
    const stop = new AbortController()
    const { result } = build('echo on; sleep 600', {
      signal: stop.signal,
      output: () => stop.abort(new Error('gave up')),
    })
    await expect(result).rejects.toThrow('gave up')
    expect(await runtime.list()).toEqual([])
  })

  it('that prints without end is cut off after 4 MB and goes on', async () => {
    const { result, lines } = build('yes "$(seq -s, 200)" | head -c 8000000; echo; echo end > ended')
    const done = await result
    expect(lines.at(-1)).toBe('More than 4 MB of output: the rest is left out.')
    expect(await treeOf(done)).toHaveProperty('ended')
    await done.dispose()
  })
})

describe('the network of builds', () => {
  const probe = (urls: readonly string[]) =>
    linesOf(`cat > /tmp/p.mjs <<'END'
for (const url of ${JSON.stringify(urls)})
  await fetch(url, { signal: AbortSignal.timeout(3000) }).then((r) => console.log('reached'), () => console.log('refused'))
process.exit()
END
node /tmp/p.mjs`)

  // The attack: a build command that talks to a database, a Docker socket or an admin page on this machine, or asks a cloud for its keys.
  it('leads out, but to no service of this machine and no metadata of a cloud', async () => {
    const server = createServer((_, response) => response.end('secret')).listen(0, '0.0.0.0')
    try {
      const address = server.address()
      const port = typeof address === 'object' ? address?.port : undefined
      const own = Object.values(networkInterfaces()).flatMap((list) => list ?? [])
      const hosts = own.filter((entry) => entry.family === 'IPv4' && !entry.internal).map((entry) => entry.address)
      expect(hosts.length).toBeGreaterThan(0)
      const closed = [...hosts.map((host) => `http://${host}:${port}/`), 'http://169.254.169.254/']
      expect(await probe([...closed, 'http://deb.debian.org/'])).toEqual([...closed.map(() => 'refused'), 'reached'])
    } finally {
      server.close()
    }
  })

  it('is none at all where it cannot be closed off (here: an image without nft)', async () => {
    const bases = await docker.listImages({ filters: { label: ['hosting.family=base'] } })
    const images = { reference: () => Promise.resolve(bases[0]!.Id) }
    const networks = createNetworks({ engine: docker, images, log: silentLog })
    expect(await networks.nameOf('build')).toBe('none')
    expect(await networks.nameOf('outbound')).toBe('none')
  })

  it('keeps builds apart', async () => {
    let tellAddress: (line: string) => void = () => undefined
    const address = new Promise<string>((resolve) => (tellAddress = resolve))
    const stop = new AbortController()
    const neighbour = build('hostname -i; exec node -e "http.createServer((q,r)=>r.end()).listen(8000)"', {
      signal: stop.signal,
      output: tellAddress,
    })
    const reached = await probe([`http://${await address}:8000/`])
    stop.abort()
    await expect(neighbour.result).rejects.toThrow()
    expect(reached).toEqual(['refused'])
  })
})

describe('images', () => {
  const instance = async (image: string) => {
    const id = createId()
    const [releaseDirectory, instanceDirectory] = [join(directory, id, 'release'), join(directory, id, 'run')]
    await mkdir(releaseDirectory, { recursive: true })
    await mkdir(instanceDirectory)
    const limits = { memoryMb: 32, cpus: 1, pids: 16 }
    const surroundings = { env: {}, network: 'none' as const }
    return { id, site, image, uid, releaseDirectory, instanceDirectory, limits, ...surroundings }
  }

  it('that somebody removed are made again', async () => {
    await writeBuildpack('tiny/Dockerfile', 'ARG BASE=hosting/base:trixie\nFROM $BASE\nCMD ["sleep", "600"]\n')
    const first = await instance('tiny')
    await runtime.start(first)
    const { Image, Config } = await docker.getContainer(`hosting-${homeId}-${first.id}`).inspect()
    await runtime.remove(first.id)
    await docker.getImage(Config.Image).remove()
    const second = await instance('tiny')
    await runtime.start(second)
    expect(await runtime.status(second.id)).toBe('running')
    await runtime.remove(second.id)
    await docker.getImage(Config.Image).remove()
    expect(Image).toMatch(/^sha256:/)
  })

  it('that cannot be built are an error that says why', async () => {
    const dockerfile = 'ARG BASE=hosting/base:trixie\nFROM $BASE\nRUN echo the reason && exit 3\n'
    await writeBuildpack('broken/Dockerfile', dockerfile)
    await expect(runtime.start(await instance('broken'))).rejects.toMatchObject({
      code: 'unavailable',
      message: expect.stringContaining('returned a non-zero code: 3') as string,
      details: expect.arrayContaining(['the reason']) as string[],
    })
  })
})
