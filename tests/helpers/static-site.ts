// A static site as its instance serves it: the real build, then nginx on the configuration that the build wrote, its paths put elsewhere.
import { chmod, mkdir, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises'
import { type IncomingHttpHeaders, request } from 'node:http'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { build } from '../../src/buildpacks/build.ts'
import type { BuildRequest } from '../../src/buildpacks/types.ts'
import { ended, killGroup, start } from '../../src/lib/exec.ts'

/** Content, or where a symbolic link points. Names may be Buffers' latin1 form: they are written as bytes. */
export type Tree = Readonly<Record<string, string | Buffer | { readonly link: string }>>

export interface Answer {
  readonly status: number
  readonly headers: IncomingHttpHeaders
  readonly body: Buffer
  readonly text: string
}

export interface StaticSite extends AsyncDisposable {
  readonly directory: string
  get(path: string, headers?: Record<string, string>, method?: string): Promise<Answer>
}

export async function writeTree(directory: string, tree: Tree): Promise<void> {
  for (const [name, content] of Object.entries(tree)) {
    const path = Buffer.concat([Buffer.from(`${directory}/`), Buffer.from(name, 'latin1')])
    await mkdir(Buffer.from(dirname(path.toString('latin1')), 'latin1'), { recursive: true })
    if (typeof content === 'object' && 'link' in content) await symlink(content.link, path)
    else await writeFile(path, content)
  }
}

export function buildRequest(directory: string, more: Partial<BuildRequest> = {}): BuildRequest {
  return {
    site: 'demo.localhost',
    releaseId: 'r',
    directory,
    defaultHealthTimeoutMs: 30_000,
    limits: { memoryMb: 256, uploadMb: 128 },
    print: () => undefined,
    signal: new AbortController().signal,
    runBuild: () => Promise.reject(new Error('there is no builder here')),
    ...more,
  }
}

export async function serveStatic(tree: Tree): Promise<StaticSite> {
  const home = await mkdtemp(join(tmpdir(), 'static-site-'))
  await chmod(home, 0o755)
  const directory = join(home, 'release')
  await writeTree(join(directory, 'tree'), tree)
  await build(buildRequest(directory))
  const socket = join(home, 'web.sock')
  const configuration = await relocate(home, directory, socket)
  const nginx = start('nginx', ['-c', configuration, '-g', 'daemon off;'], { stdio: ['ignore', 'ignore', 'pipe'] })
  const exit = ended(nginx)
  const complaints: string[] = []
  nginx.stderr?.on('data', (chunk: Buffer) => complaints.push(chunk.toString()))
  const get: StaticSite['get'] = (path, headers = {}, method = 'GET') => ask({ socket, path, headers, method })
  await untilAnswers(() => get('/'), complaints)
  return {
    directory,
    get,
    [Symbol.asyncDispose]: async () => {
      killGroup(nginx.pid, 'SIGKILL')
      await exit
      await rm(home, { recursive: true })
    },
  }
}

async function relocate(home: string, directory: string, socket: string): Promise<string> {
  const text = await readFile(join(directory, 'nginx.conf'), 'latin1')
  const path = join(home, 'nginx.conf')
  const moved = text
    .replaceAll('"/tmp/', `"${home}/`)
    .replaceAll('"/site"', `"${directory}"`)
    .replaceAll('from=/site"', `from=${directory}"`)
    .replaceAll('/run/site/web.sock', socket)
  await writeFile(path, moved, 'latin1')
  return path
}

async function untilAnswers(get: () => Promise<Answer>, complaints: readonly string[]): Promise<void> {
  for (let tries = 0; tries < 200; tries++) {
    const answer = await get().catch(() => undefined)
    if (answer !== undefined) return
    await new Promise((resolve) => setTimeout(resolve, 20))
  }
  throw new Error(`nginx does not answer: ${complaints.join('')}`)
}

export interface Question {
  readonly socket: string
  readonly path: string
  readonly headers: Record<string, string>
  readonly method: string
  readonly body?: Buffer | string
}

export function ask({ socket, path, headers, method, body }: Question): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const options = { socketPath: socket, path, method, headers: { host: 'demo.localhost', ...headers }, agent: false }
    const sent = request(options, (response) => {
      const chunks: Buffer[] = []
      response.on('data', (chunk: Buffer) => chunks.push(chunk))
      response.on('error', reject)
      response.on('end', () => {
        const body = Buffer.concat(chunks)
        resolve({ status: response.statusCode ?? 0, headers: response.headers, body, text: body.toString() })
      })
    })
    sent.on('error', reject).end(body)
  })
}
