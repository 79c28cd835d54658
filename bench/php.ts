// Programs through the edge, beside a bare nginx with php-fpm 8.2 that has their settings: a greeting, and one query of a database;
// with php-fpm in the instance, and with Apache. Both ask the platform's database server.
import { mkdtemp, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { type Credentials, credentialsOf, socketOf } from '../tests/helpers/database.ts'
import { type Files, WorkingCopy } from '../tests/helpers/working-copy.ts'
import { writeTree } from '../tests/helpers/static-site.ts'
import { freePort } from '../tests/helpers/ports.ts'
import { interleave } from './lib/interleave.ts'
import { startBarePhp } from './lib/php-fpm.ts'
import { children, startForPhp } from './lib/php-platform.ts'
import { firstPushMs } from './lib/pushed-site.ts'
import { type Goal, type Result, resultOf } from './lib/result.ts'
import { measureLoad } from './lib/wrk.ts'

export const name = 'php'

const rounds = 15
const seconds = 1

/** The one thing in which they differ is where the socket is. */
const programs = {
  'hello.php': '<?php echo "Hello, world";',
  'query.php': `<?php
$database = new mysqli('localhost', getenv('DB_USER'), getenv('DB_PASSWORD'), getenv('DB_NAME'), null, getenv('BENCH_SOCKET') ?: null);
foreach ($database->query('SELECT name FROM people WHERE id = ' . random_int(1, 100)) as $row) echo $row['name'];`,
  'fill.php': `<?php
$database = new mysqli('localhost', getenv('DB_USER'), getenv('DB_PASSWORD'), getenv('DB_NAME'));
$database->query('CREATE TABLE people (id INT PRIMARY KEY, name VARCHAR(40))');
for ($id = 1; $id <= 100; $id++) $database->query("INSERT INTO people VALUES ($id, 'Somebody $id')");
echo 'filled';`,
}

const settings: Files = { ...programs, 'index.php': '<?php echo "start";', '.php-version': '8.2\n' }
const rules: Files = {
  '.htaccess': 'RewriteEngine On\nRewriteCond %{REQUEST_FILENAME} !-f\nRewriteRule . index.php [L]\n',
}
const database: Files = { 'hosting.toml': '[database]\nengine = "mariadb"\n' }

export async function run(): Promise<Result[]> {
  await using stack = new AsyncDisposableStack()
  const platform = stack.use(await startForPhp())
  for (const [site, files] of Object.entries({ fpm: {}, apache: rules })) {
    const copy = await WorkingCopy.create(platform.admin, site, { ...settings, ...database, ...files })
    await copy.pushOk(['main'], { timeoutMs: firstPushMs })
    const { text } = await platform.get(site, '/fill.php')
    if (text !== 'filled') throw new Error(`${site} has no database: ${text}`)
  }
  const root = await mkdtemp('/tmp/bench-php-root-')
  stack.defer(() => rm(root, { recursive: true, force: true }))
  await writeTree(join(root, 'tree'), programs)
  const env = environmentOf(await credentialsOf(platform, 'fpm'), socketOf(platform))
  const bare = { port: await freePort(), root: join(root, 'tree'), env, children }
  const server = await startBarePhp(bare)
  stack.defer(() => server.stop())

  const compare = async (site: string, program: string, goal: Goal): Promise<Result> => {
    const ask = (port: number) =>
      measureLoad(`http://127.0.0.1:${port}/${program}`, { host: `${site}.localhost`, seconds })
    const pairs = await interleave(rounds, { value: () => ask(platform.httpPort), floor: () => ask(bare.port) })
    const runs = pairs.map(({ value, floor }) => ({ value: value.requestsPerSecond, floor: floor.requestsPerSecond }))
    return resultOf({ name: `${site}: ${program}`, unit: '/s', goal, runs })
  }
  return [
    await compare('fpm', 'hello.php', { atLeast: 0.65 }),
    await compare('fpm', 'query.php', { atLeast: 0.85 }),
    await compare('apache', 'hello.php', { atLeast: 0.55 }),
    await compare('apache', 'query.php', { atLeast: 0.8 }),
  ]
}

function environmentOf({ user, password, name: database }: Credentials, socket: string): Record<string, string> {
  return { DB_USER: user, DB_PASSWORD: password, DB_NAME: database, BENCH_SOCKET: socket }
}
