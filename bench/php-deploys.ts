// Fifty deploys in a row of a PHP site with a database and storage, while visitors read and write all the time: how many requests failed,
// and how many writes that were acknowledged are not there afterwards, in the database or among the files.
import { setTimeout as delay } from 'node:timers/promises'
import { z } from 'zod'
import { WorkingCopy } from '../tests/helpers/working-copy.ts'
import { startCompiled } from './lib/compiled-platform.ts'
import { KeepAlive } from './lib/keep-alive.ts'
import { firstPushMs } from './lib/pushed-site.ts'
import { type Result, resultOf } from './lib/result.ts'

export const name = 'php-deploys'

const deploys = 50
const visitors = { readers: 3, writers: 3 }
const host = 'writing.localhost'

const connect = `$database = new mysqli('localhost', getenv('DB_USER'), getenv('DB_PASSWORD'), getenv('DB_NAME'));`
const programs = {
  'hosting.toml': 'storage = ["uploads/"]\n[database]\nengine = "mariadb"\n',
  'make.php': `<?php ${connect} $database->query('CREATE TABLE IF NOT EXISTS kept (id INT PRIMARY KEY)'); echo 'made';`,
  'write.php': `<?php ${connect} $id = (int) $_GET['id'];
$database->query("INSERT INTO kept VALUES ($id)");
if (file_put_contents(__DIR__ . "/uploads/$id.txt", "written $id") === false) http_response_code(500); else echo "kept $id";`,
  'count.php': `<?php ${connect} header('Content-Type: application/json');
$ids = array_map('intval', array_column($database->query('SELECT id FROM kept')->fetch_all(), 0));
$files = array_map(fn ($path) => (int) basename($path, '.txt'), glob(__DIR__ . '/uploads/*.txt'));
echo json_encode(['rows' => $ids, 'files' => $files]);`,
}

function page(number: number): string {
  return `<?php ${connect} $database->query('SELECT 1')->fetch_row(); echo 'release ${number}';`
}

interface Tally {
  reads: number
  /** Acknowledged. */
  readonly written: number[]
  readonly failed: string[]
}

export async function run(): Promise<Result[]> {
  await using platform = await startCompiled({ flags: { 'database-connections': '100' } })
  const copy = await WorkingCopy.create(platform.admin, 'writing', { ...programs, 'index.php': page(0) })
  await copy.pushOk(['main'], { timeoutMs: firstPushMs })
  const visitor = new KeepAlive(platform.httpPort)
  await visitor.get({ host, path: '/make.php' })
  const tally: Tally = { reads: 0, written: [], failed: [] }
  const ended = new AbortController()
  const visits = visit(platform.httpPort, tally, ended.signal)
  try {
    for (let number = 1; number <= deploys; number++) {
      await copy.commit({ 'index.php': page(number) })
      await copy.pushOk()
    }
  } finally {
    ended.abort()
    await visits
  }
  const lost = await countLost(visitor, tally)
  visitor.close()
  for (const what of tally.failed.slice(0, 10)) process.stderr.write(`${what}\n`)
  return resultsOf(tally, lost)
}

async function visit(port: number, tally: Tally, ended: AbortSignal): Promise<void> {
  let next = 0
  const read = async (connection: KeepAlive) => {
    const { status, body } = await connection.get({ host, path: '/' })
    tally.reads++
    if (status !== 200 || !body.toString().startsWith('release ')) throw new Error(`read: ${status} ${body.toString()}`)
  }
  const write = async (connection: KeepAlive) => {
    const id = ++next
    const { status, body } = await connection.get({ host, path: `/write.php?id=${id}` })
    if (status !== 200 || body.toString() !== `kept ${id}`) throw new Error(`write: ${status} ${body.toString()}`)
    tally.written.push(id)
  }
  const works = [
    ...Array.from({ length: visitors.readers }, () => read),
    ...Array.from({ length: visitors.writers }, () => write),
  ]
  await Promise.all(works.map((work) => repeat(port, work, { tally, ended })))
}

type Work = (connection: KeepAlive) => Promise<void>

async function repeat(port: number, work: Work, { tally, ended }: { tally: Tally; ended: AbortSignal }): Promise<void> {
  const connection = new KeepAlive(port)
  while (!ended.aborted) {
    await work(connection).catch((error: unknown) => tally.failed.push(String(error)))
    await delay(10)
  }
  connection.close()
}

const countSchema = z.object({ rows: z.array(z.number()), files: z.array(z.number()) })

async function countLost(visitor: KeepAlive, { written }: Tally): Promise<number> {
  const { body } = await visitor.get({ host, path: '/count.php' })
  const { rows, files } = countSchema.parse(JSON.parse(body.toString()))
  const [inRows, inFiles] = [new Set(rows), new Set(files)]
  return written.filter((id) => !inRows.has(id) || !inFiles.has(id)).length
}

function resultsOf({ reads, written, failed }: Tally, lost: number): Result[] {
  const none = { atMost: 0 }
  return [
    resultOf({ name: 'failed requests', unit: '', goal: none, runs: [{ value: failed.length }] }),
    resultOf({ name: 'lost writes', unit: '', goal: none, runs: [{ value: lost }] }),
    resultOf({ name: 'reads', unit: '', runs: [{ value: reads }] }),
    resultOf({ name: 'writes acknowledged', unit: '', runs: [{ value: written.length }] }),
  ]
}
