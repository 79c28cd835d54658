// What a PHP site can be given that is wrong: its push is refused or it answers 500 by itself, it learns why, and its neighbour does not notice.
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { containersOf } from '../helpers/clean-up.ts'
import { type Platform, startPlatform } from '../helpers/platform.ts'
import { runOk } from '../helpers/session.ts'
import { until } from '../helpers/until.ts'
import { WorkingCopy } from '../helpers/working-copy.ts'

const page = `<?php
mysqli_report(MYSQLI_REPORT_ERROR | MYSQLI_REPORT_STRICT);
$open = [];
for ($i = 0; $i < (int) ($_GET['connections'] ?? 1); $i++)
  $open[] = new mysqli('localhost', getenv('DB_USER'), getenv('DB_PASSWORD'), getenv('DB_NAME'));
if (isset($_GET['write'])) exit(file_put_contents('data/written', str_repeat('x', (int) $_GET['write'])) ? 'kept' : 'refused');
echo 'shop ', end($open)->query('SELECT 1 + 1')->fetch_row()[0];`

let platform: Platform
let shop: WorkingCopy

beforeAll(async () => {
  const flags = { 'build-timeout': '12', 'build-memory-mb': '128', 'database-connections': '3', 'storage-mb': '16' }
  platform = await startPlatform({ flags })
  shop = await WorkingCopy.create(platform.admin, 'shop', {
    'index.php': page,
    'hosting.toml': 'buildpack = "php-db"\nstorage = ["data/"]\n',
  })
  await shop.pushOk(['main'], { timeoutMs: 900_000 })
  const neighbour = await WorkingCopy.create(platform.admin, 'neighbour', {
    'index.php': page.replaceAll('shop', 'neighbour'),
    'hosting.toml': 'buildpack = "php-db"\n',
  })
  await neighbour.pushOk()
}, 900_000)
afterAll(async () => await platform[Symbol.asyncDispose]())

const text = async (site: string, path = '/') => (await platform.get(site, path)).text

afterEach(async () => {
  await until('the site to answer', async () => (await text('shop')) === 'shop 2')
  expect(await text('neighbour')).toBe('neighbour 2')
})

/** A project whose one package is in the repository, and what Composer is to run after it was installed. */
function project(command?: string, require: Record<string, string> = { 'demo/greeting': '^1' }) {
  const repositories = [{ type: 'path', url: 'packages/*', options: { symlink: false } }, { 'packagist.org': false }]
  const scripts = command === undefined ? {} : { 'post-autoload-dump': command }
  const greeting = { name: 'demo/greeting', version: '1.0.0' }
  return {
    'composer.json': JSON.stringify({ require, repositories, scripts, config: { 'process-timeout': 0 } }),
    'packages/greeting/composer.json': JSON.stringify(greeting),
    // Without a folder of its own, the root of the repository is what is served.
    'hosting.toml': 'buildpack = "php-db"\nstorage = ["data/"]\nroot = "."\n',
  }
}

describe('Composer', () => {
  it.each([
    ['asks for what is nowhere', project(undefined, { 'demo/none': '1.0' }), /demo\/none.*could not be found/],
    ['has a lock that does not fit', { ...project(), 'composer.lock': '{"packages": [' }, /composer\.lock/],
    ['runs a script that fails', project(`php -r 'exit(3);'`), /composer install failed: it ended with exit status 3/],
    ['runs a script that loops', project(`php -r 'while (true);'`), /composer install failed: it ran longer than/],
    [
      'runs a script that eats memory',
      project(`php -d memory_limit=-1 -r '$all = str_repeat("x", 400 << 20);'`),
      /composer install failed: it used more memory than a build may/,
    ],
  ])('that %s: the push is refused, in its own words', async (_what, files, words) => {
    await shop.commit({ ...files, 'index.php': page.replace('shop', 'changed') })
    const pushed = await shop.push()
    await shop.git('reset', '-q', '--hard', 'hosting/main')
    expect(pushed.stderr).toMatch(words)
    expect(pushed.stderr).toContain('Not deployed. The release before it serves on, unchanged.')
    expect(pushed.exitCode).not.toBe(0)
  })
})

describe('a mistake', () => {
  it('in a .htaccess is a 500 in its folder, and the log says which line is wrong', async () => {
    await shop.commit({ 'bad/.htaccess': 'RewriteEngine Maybe\n', 'bad/page.html': 'never shown' })
    await shop.pushOk()
    expect((await platform.get('shop', '/bad/page.html')).status).toBe(500)
    const log = await platform.admin.ssh('logs shop --source app')
    expect(log.stdout).toMatch(/bad\/\.htaccess: RewriteEngine must be On or Off/)
  })

  it('in the .htaccess of the root is refused at the push', async () => {
    await shop.commit({ '.htaccess': 'RewriteEngine On\nRewriteRule ^(.* /$1\n' })
    const pushed = await shop.push()
    await shop.git('reset', '-q', '--hard', 'hosting/main')
    expect(pushed.stderr).toMatch(/\.htaccess: RewriteRule: cannot compile regular expression/)
    expect(pushed.stderr).toContain('answered 500 to GET /')
  })

  it('in a .user.ini is a 500 in its folder, and the log says what is missing', async () => {
    await shop.git('rm', '-rq', 'bad')
    await shop.commit({ 'sub/.user.ini': 'auto_prepend_file = missing.php\n', 'sub/index.php': '<?php echo "never";' })
    await shop.pushOk()
    const answer = await platform.get('shop', '/sub/')
    expect(answer).toMatchObject({ status: 500 })
    expect(answer.text).not.toContain('never')
    expect((await platform.admin.ssh('logs shop --source app')).stdout).toContain(
      "Failed opening required 'missing.php'",
    )
  })

  it('in the grammar of a .user.ini is told at the push; what comes before it counts', async () => {
    await shop.commit({
      'sub/.user.ini': 'memory_limit = 96M\n[[[ = (\n',
      'sub/index.php': '<?php echo ini_get("memory_limit");',
    })
    const pushed = await shop.pushOk()
    expect(pushed.stderr).toContain('Warning: sub/.user.ini: line 2 is no setting (name = value)')
    expect(await text('shop', '/sub/')).toBe('96M')
  })
})

describe('too much', () => {
  it('of connections is refused to this site alone, and the log says so', async () => {
    expect((await platform.get('shop', '/?connections=5')).status).toBe(500)
    expect((await platform.admin.ssh('logs shop --source app')).stdout).toMatch(/max_user_connections/)
  })

  it('for the quota is refused, and the log says so', async () => {
    expect(await text('shop', '/?write=30000000')).toBe('refused')
    expect((await platform.admin.ssh('logs shop --source app')).stdout).toContain('No space left on device')
    expect(await text('shop', '/?write=1000')).toBe('kept')
  })
})

describe('a database server that is restarted', () => {
  it('during a deploy: the push succeeds, or is refused with the old release serving on', async () => {
    await shop.commit({
      ...project(`php -r 'sleep(4);'`),
      'index.php': page.replace("echo 'shop '", "echo 'shop ', ''"),
    })
    const before = await containersOf(platform.home, 'shop.localhost')
    const pushing = shop.push()
    await until('the build', async () =>
      (await containersOf(platform.home, 'shop.localhost')).some((name) => !before.includes(name)),
    )
    await runOk('docker', ['restart', '-t', '20', `hosting-${platform.home.id}-service-mariadb`])
    const { exitCode, stderr } = await pushing
    expect(stderr).toMatch(exitCode === 0 ? /✓ Live/ : /The release before it serves on/)
    // The data is there, and the next push finds everything in order.
    await until('the site to answer', async () => (await text('shop')) === 'shop 2')
    await shop.commit({ 'hosting.toml': 'buildpack = "php-db"\nstorage = ["data/"]\n' })
    await shop.git('rm', '-q', 'composer.json')
    await shop.commit()
    await shop.pushOk()
  })
})
