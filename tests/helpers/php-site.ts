// PHP sites as their instances serve them: the real build, then a container of the real image, asked over its socket. No daemon, no edge.
import { chmod, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { build } from '../../src/buildpacks/build.ts'
import { buildpacksDirectory } from '../../src/buildpacks/detect.ts'
import type { BuildRequest, BuiltRelease } from '../../src/buildpacks/types.ts'
import { createId } from '../../src/lib/id.ts'
import { silentLog } from '../../src/lib/log.ts'
import { createDockerRuntime } from '../../src/runtime/docker/docker-runtime.ts'
import type { InstanceSpec, Runtime } from '../../src/runtime/runtime.ts'
import { ask, type Answer, buildRequest, type Question, type Tree, writeTree } from './static-site.ts'
import { until } from './until.ts'

const site = 'php.example.org'
const uid = 231_077

export interface PhpSite {
  readonly id: string
  readonly directory: string
  readonly built: BuiltRelease
  /** What the pusher was told. */
  readonly told: readonly string[]
  get(path: string, question?: Partial<Omit<Question, 'socket' | 'path'>>): Promise<Answer>
  log(): Promise<string>
  stop(): Promise<void>
}

export interface PhpHost extends AsyncDisposable {
  readonly home: string
  readonly runtime: Runtime
  request(directory: string, print?: (line: string) => void): BuildRequest
  /** Builds a release of the tree; throws what a push would be refused with. */
  build(tree: Tree): Promise<{ directory: string; built: BuiltRelease; told: string[] }>
  serve(tree: Tree, surroundings?: Partial<InstanceSpec>): Promise<PhpSite>
}

export async function phpHost(): Promise<PhpHost> {
  const home = await mkdtemp(join(tmpdir(), 'php-site-'))
  await chmod(home, 0o755)
  const runtime = createDockerRuntime({ homeId: `t${createId().slice(-7)}`, buildpacksDirectory, log: silentLog })
  const limits = { memoryMb: 256, cpus: 2, pids: 128 }

  const request = (directory: string, print: (line: string) => void = () => undefined) =>
    buildRequest(directory, {
      print,
      runBuild: (spec) =>
        runtime.build({
          ...spec,
          id: createId(),
          site,
          uid,
          limits: { ...limits, memoryMb: 1024 },
          timeoutMs: 300_000,
        }),
    })

  async function buildOne(tree: Tree) {
    const directory = join(home, createId())
    await writeTree(join(directory, 'tree'), tree)
    await chmod(directory, 0o755)
    const told: string[] = []
    return { directory, built: await build(request(directory, (line) => told.push(line))), told }
  }

  return {
    home,
    runtime,
    request,
    build: buildOne,
    async serve(tree, surroundings = {}) {
      const { directory, built, told } = await buildOne(tree)
      const id = createId()
      const instanceDirectory = join(home, `${id}.run`)
      await mkdir(instanceDirectory)
      await chmod(instanceDirectory, 0o777)
      await writeFile(join(directory, 'complete'), '')
      const place = { id, site, image: built.image, uid, releaseDirectory: directory, instanceDirectory }
      await runtime.start({ ...place, limits, env: {}, network: 'none', ...surroundings })
      const socket = join(instanceDirectory, 'web.sock')
      const get: PhpSite['get'] = (path, { headers = {}, method = 'GET', ...rest } = {}) =>
        ask({ socket, path, headers, method, ...rest })
      const log = async () => (await Array.fromAsync(runtime.logs(id, {}))).map(({ text }) => text).join('\n')
      await until('the instance to answer', async () => {
        if ((await runtime.status(id)) !== 'running') throw new Error(`it has ended: ${await log()}`)
        return await get('/').then(
          () => true,
          () => false,
        )
      })
      return { id, directory, built, told, get, log, stop: () => runtime.stop(id, 20_000) }
    },
    [Symbol.asyncDispose]: async () => {
      for (const { id } of await runtime.list()) await runtime.remove(id)
      await runtime.forgetSite(site)
      await runtime.close()
      await rm(home, { recursive: true, force: true })
    },
  }
}
