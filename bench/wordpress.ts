// The front page of a WordPress, logged out, beside the same WordPress with the same database under a bare nginx with php-fpm 8.2; and that
// what the site says about caching reaches the visitor as it is.
import { cp, mkdtemp, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { execOk } from '../src/lib/exec.ts'
import { Browser } from '../tests/helpers/browser.ts'
import { credentialsOf, socketOf } from '../tests/helpers/database.ts'
import { projectRoot } from '../tests/helpers/paths.ts'
import type { Platform } from '../tests/helpers/platform.ts'
import { freePort } from '../tests/helpers/ports.ts'
import { assembleWordPress, installWordPress } from '../tests/helpers/wordpress.ts'
import { WorkingCopy } from '../tests/helpers/working-copy.ts'
import { interleave } from './lib/interleave.ts'
import { startBarePhp } from './lib/php-fpm.ts'
import { children, startForPhp } from './lib/php-platform.ts'
import { firstPushMs } from './lib/pushed-site.ts'
import { type Result, resultOf } from './lib/result.ts'
import { measureLoad } from './lib/wrk.ts'

export const name = 'wordpress'

const rounds = 11
const seconds = 4
/** Pages of tens of milliseconds: more would only wait. */
const connections = 8
const cacheControl = 'public, max-age=300'
const mustUse = `<?php add_action('send_headers', fn () => header('Cache-Control: ${cacheControl}'));`

export async function run(): Promise<Result[]> {
  await using stack = new AsyncDisposableStack()
  const platform = stack.use(await startForPhp())
  const copy = await WorkingCopy.create(platform.admin, 'blog', { '.php-version': '8.2\n' })
  await assembleWordPress(copy.directory)
  await copy.commit({ 'wp-content/mu-plugins/headers.php': mustUse })
  await copy.pushOk(['main'], { timeoutMs: firstPushMs })
  await installWordPress(new Browser(platform, 'blog'), { name: 'ann', password: 'a long enough passphrase 7' })
  const port = await freePort()
  const server = await startFloor(platform, copy, port)
  stack.defer(() => server.stop())

  const host = `blog.localhost:${platform.httpPort}`
  const ask = (at: number) => measureLoad(`http://127.0.0.1:${at}/`, { host, seconds, connections })
  for (const at of [platform.httpPort, port]) await mustShowFrontPage(at, host)
  const pairs = await interleave(rounds, { value: () => ask(platform.httpPort), floor: () => ask(port) })
  const runs = pairs.map(({ value, floor }) => ({ value: value.requestsPerSecond, floor: floor.requestsPerSecond }))
  const { headers } = await platform.get('blog')
  return [
    resultOf({ name: 'front page, logged out', unit: '/s', goal: { atLeast: 0.95 }, runs }),
    resultOf({
      name: 'Cache-Control of the site reaches the visitor',
      unit: '',
      goal: { atLeast: 1 },
      runs: [{ value: headers['cache-control'] === cacheControl ? 1 : 0 }],
    }),
  ]
}

/** A redirection would be quick. */
async function mustShowFrontPage(port: number, host: string): Promise<void> {
  const page = await execOk('curl', ['-sS', '-H', `Host: ${host}`, `http://127.0.0.1:${port}/`])
  if (!page.includes('Hello world!')) throw new Error(`Not the front page: ${page.slice(0, 500)}`)
}

async function startFloor(platform: Platform, copy: WorkingCopy, port: number): Promise<{ stop(): Promise<void> }> {
  const root = await mkdtemp('/tmp/bench-wordpress-')
  const tree = join(root, 'tree')
  await cp(copy.directory, tree, { recursive: true, filter: (path) => !path.endsWith('/.git') })
  await cp(join(projectRoot, 'buildpacks/php/apps/wordpress/wp-config.php'), join(tree, 'wp-config.php'))
  const { user, password, name: database } = await credentialsOf(platform, 'blog')
  const env = {
    DB_USER: user,
    DB_PASSWORD: password,
    DB_NAME: database,
    DB_HOST: `localhost:${socketOf(platform)}`,
  }
  const server = await startBarePhp({ port, root: tree, env, children })
  return {
    async stop() {
      await server.stop()
      await rm(root, { recursive: true, force: true })
    },
  }
}
