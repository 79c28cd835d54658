// PHP and its database: the first push makes it, `localhost` reaches it, a new password and a dead server cost no visitor an answer for long.
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { credentialsOf, query } from '../helpers/database.ts'
import { type Platform, startPlatform } from '../helpers/platform.ts'
import { runOk } from '../helpers/session.ts'
import { until } from '../helpers/until.ts'
import { visitWhile } from '../helpers/visitors.ts'
import { WorkingCopy } from '../helpers/working-copy.ts'

const imageTimeoutMs = 900_000

/** As an application of twenty years ago and one of today would: by the names of variables, by `localhost`, by the URL. */
const page = `<?php
mysqli_report(MYSQLI_REPORT_ERROR | MYSQLI_REPORT_STRICT);
try {
  $old = new mysqli('localhost', getenv('DB_USER'), getenv('DB_PASSWORD'), getenv('DB_NAME'));
  $url = parse_url(getenv('DATABASE_URL'));
  parse_str($url['query'], $options);
  $dsn = 'mysql:charset=utf8mb4;unix_socket=' . $options['unix_socket'] . ';dbname=' . ltrim($url['path'], '/');
  $new = new PDO($dsn, $url['user'], $url['pass']);
  $new->exec('CREATE TABLE IF NOT EXISTS visits (id INT AUTO_INCREMENT PRIMARY KEY, word VARCHAR(20))');
  if (isset($_GET['add'])) $new->prepare('INSERT INTO visits (word) VALUES (?)')->execute([$_GET['add']]);
  echo 'rows: ', $old->query('SELECT COUNT(*) FROM visits')->fetch_row()[0], ' ', $old->character_set_name();
} catch (Throwable $error) {
  http_response_code(500);
  echo get_class($error), ': ', $error->getMessage();
}`

let platform: Platform
let copy: WorkingCopy

const text = async (path = '/') => (await platform.get('shop', path)).text

beforeAll(async () => {
  platform = await startPlatform({ flags: { 'drain-timeout': '5' } })
  copy = await WorkingCopy.create(platform.admin, 'shop', {
    'index.php': page,
    'hosting.toml': '[database]\nengine = "mariadb"\n',
  })
  const pushed = await copy.push(['main'], { timeoutMs: imageTimeoutMs })
  expect(pushed.stderr).toContain('made the database of shop.localhost')
  expect(pushed.exitCode).toBe(0)
}, imageTimeoutMs)
afterAll(async () => await platform[Symbol.asyncDispose]())

describe('a PHP site with a database', () => {
  it('has it with its first push, by every way that applications use', async () => {
    expect(await text('/?add=first')).toBe('rows: 1 utf8mb4')
  })

  it('keeps it through deploys and a rollback', async () => {
    await copy.commit({ 'index.php': page.replace('rows:', 'entries:') })
    const pushed = await copy.pushOk()
    expect(pushed.stderr).not.toContain('made the database')
    expect(await text('/?add=second')).toBe('entries: 2 utf8mb4')
    expect((await platform.admin.ssh('rollback shop')).exitCode).toBe(0)
    expect(await text()).toBe('rows: 2 utf8mb4')
  })

  it('gets a new password without a failed request', async () => {
    const { complaints, count } = await visitWhile(
      {
        ...{ port: platform.httpPort, host: 'shop.localhost', paths: ['/'] },
        complain: ({ status, text: body }) => (status === 200 ? undefined : `${status}: ${body}`),
      },
      async () => {
        expect((await platform.admin.ssh('db:rotate shop')).output).toContain('has a new password')
      },
    )
    expect(complaints).toEqual([])
    expect(count).toBeGreaterThan(10)
    expect(await text()).toBe('rows: 2 utf8mb4')
  })

  it('keeps its former password as long as a file of it holds that', async () => {
    const before = await credentialsOf(platform, 'shop')
    const literal = page.replace("getenv('DB_PASSWORD')", JSON.stringify(before.password))
    await copy.commit({ 'index.php': literal })
    await copy.pushOk()
    const rotated = await platform.admin.ssh('db:rotate shop')
    expect(rotated.stderr).toContain('does not work without its former database password')
    expect(rotated.stderr).toContain('DB_PASSWORD')
    expect(rotated.exitCode).toBe(5)
    expect(await text()).toBe('rows: 2 utf8mb4')
    await copy.commit({ 'index.php': page })
    await copy.pushOk()
    expect((await platform.admin.ssh('db:rotate shop')).exitCode).toBe(0)
    expect(await text()).toBe('rows: 2 utf8mb4')
    await expect(query(platform, before, 'SELECT 1')).rejects.toThrow(/denied/)
  })

  it('answers again by itself when the server was restarted in the middle', async () => {
    await runOk('docker', ['kill', `hosting-${platform.home.id}-service-mariadb`])
    await until('it to answer again', async () => (await text()) === 'rows: 2 utf8mb4')
  })

  it('is deployed although the server was just killed', async () => {
    await runOk('docker', ['kill', `hosting-${platform.home.id}-service-mariadb`])
    await copy.commit({ 'index.php': page.replace('rows:', 'after:') })
    // Refused or live, never in between: what answers is the release that Git says is there.
    const { exitCode } = await copy.push()
    await until('it to answer again', async () => /^(rows|after): 2/.test(await text()))
    expect(await text()).toMatch(exitCode === 0 ? /^after:/ : /^rows:/)
  })

  it('loses its database with db:destroy, and gets an empty one with the next deploy', async () => {
    const credentials = await credentialsOf(platform, 'shop')
    await platform.admin.ssh('db:destroy shop --confirm shop.localhost')
    await expect(query(platform, credentials, 'SELECT 1')).rejects.toThrow(/denied/)
    await copy.commit({ 'index.php': page.replace('rows:', 'anew:') })
    expect((await copy.pushOk()).stderr).toContain('made the database')
    expect(await text()).toBe('anew: 0 utf8mb4')
  })
})
