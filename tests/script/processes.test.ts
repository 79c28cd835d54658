// Workers and cron as a site's owner meets them: they follow what is live, whatever ends, and leave nothing behind.
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { containersOf } from '../helpers/clean-up.ts'
import type { Person } from '../helpers/person.ts'
import { type Platform, startPlatform } from '../helpers/platform.ts'
import { until } from '../helpers/until.ts'
import { WorkingCopy } from '../helpers/working-copy.ts'

let platform: Platform
let ann: Person
let demo: WorkingCopy

/** Works until it is told to end, or to fail. */
const worker = (release: string) => `<?php
  pcntl_async_signals(true);
  pcntl_signal(SIGTERM, function () { echo "finished ${release}\\n"; exit(0); });
  echo "working for ${release} ", getenv('MODE'), " in ", getcwd(), "\\n";
  while (!@unlink('/storage/fail')) usleep(30000);
  exit(7);`

const files = {
  'index.php': `<?php if (isset($_GET['fail'])) touch('/storage/fail'); echo 'here';`,
  'worker.php': worker('one'),
  'wait.php': `<?php echo "waiting\\n"; while (!file_exists('/storage/go')) usleep(30000); exit(3);`,
  Procfile: 'queue: php worker.php\n',
  'hosting.toml': `
[[cron]]
schedule = "0 0 1 1 *"
command = "echo hello from $MODE; echo oh >&2"
[[cron]]
schedule = "0 0 1 1 *"
command = "php wait.php"
`,
}

beforeAll(async () => {
  platform = await startPlatform({ flags: { 'warm-instances': '0', 'max-workers': '1' } })
  ann = await platform.addPerson('ann')
  await ann.ssh('create demo')
  await ann.ssh('env:set demo MODE=quiet')
  demo = await WorkingCopy.create(ann, 'demo', files)
  await demo.pushOk()
}, 900_000)
afterAll(async () => await platform[Symbol.asyncDispose]())

const logs = async (source: string) => (await ann.ssh(`logs demo --source ${source}`)).stdout
const logged = async (source: string, text: string) =>
  await until(`"${text}" in the log`, async () => (await logs(source)).includes(text)).catch(async (error: unknown) => {
    throw new Error(`${String(error)}\n${await logs(source)}`, { cause: error })
  })
const containers = async () => (await containersOf(platform.home, 'demo.localhost')).sort()
const count = async (wanted: number) =>
  await until(`${wanted} containers`, async () => (await containers()).length === wanted)

describe('a worker', () => {
  it('runs beside the web server, with what the site has', async () => {
    await logged('worker', 'worker/queue working for one quiet in /site/tree')
    expect((await ann.ssh('info demo')).stdout).toMatch(/Workers +queue running/)
    await count(2)
  })

  it('is started again when it ends', async () => {
    await platform.get('demo', '/?fail')
    await logged('worker', 'worker/queue ended with status 7')
    await until('it to work again', async () => (await logs('worker')).split('working for one').length === 3)
  })

  it('is left alone by a daemon that was killed', async () => {
    const before = await containers()
    await platform.kill()
    await platform.start()
    await until('it to be known', async () => (await ann.ssh('info demo')).stdout.includes('queue running'))
    expect(await containers()).toEqual(before)
    expect((await logs('worker')).split('working for one')).toHaveLength(3)
  })

  it('ends with its release, before that of the next one starts', async () => {
    await demo.commit({ 'worker.php': worker('two') })
    await demo.pushOk()
    await logged('worker', 'working for two quiet')
    const lines = (await logs('worker')).split('\n')
    const at = (text: string) => lines.findIndex((line) => line.includes(text))
    expect(at('finished one')).toBeGreaterThan(at('working for one'))
    expect(at('finished one')).toBeLessThan(at('working for two'))
    await count(2)
  })

  it('goes back with a rollback, and gets new values of variables', async () => {
    expect((await ann.ssh('rollback demo')).exitCode).toBe(0)
    await until('the old one to work', async () => (await logs('worker')).split('working for one').length === 4)
    expect((await ann.ssh('env:set demo MODE=loud')).exitCode).toBe(0)
    await logged('worker', 'working for one loud')
    await count(2)
  })

  it('ends when the site is stopped, and is back with it', async () => {
    await ann.ssh('stop demo')
    await count(0)
    await ann.ssh('start demo')
    await count(2)
  })

  it('is refused where there are too many', async () => {
    await demo.commit({ Procfile: 'one: php worker.php\ntwo: php worker.php\n' })
    const pushed = await demo.push()
    expect(pushed.exitCode).not.toBe(0)
    expect(pushed.stderr).toContain('The Procfile has 2 workers: one, two')
    await demo.git('reset', '-q', '--hard', 'HEAD~1')
  })
})

describe('a cron entry', () => {
  /** Entry 2 is run, and is under way. */
  async function waiting() {
    const before = (await logs('cron')).split('cron/2 waiting').length
    const ended = ann.ssh('cron:run demo 2')
    await until('it to run', async () => (await logs('cron')).split('cron/2 waiting').length > before)
    return { ended }
  }

  it('is listed with its next run, and can be run now', async () => {
    expect((await ann.ssh('cron demo')).stdout).toMatch(/1 +0 0 1 1 \* +\d{4}-01-01T00:00:.* +- +echo hello/)
    const ran = await ann.ssh('cron:run demo 1')
    expect(ran.exitCode).toBe(0)
    expect(ran.stdout).toContain('hello from loud')
    const printed = (await logs('cron')).split('\n').map((line) => line.split(' ').slice(1).join(' '))
    expect(printed.slice(0, 3).sort()).toEqual([
      'cron/1 hello from loud',
      'cron/1 oh',
      'cron/1 started: echo hello from $MODE; echo oh >&2',
    ])
    expect(printed[3]).toMatch(/^cron\/1 done after \d+ s$/)
  })

  it('never runs twice at once; its failure is told', async () => {
    const first = await waiting()
    const second = await ann.ssh('cron:run demo 2')
    expect(second.exitCode).toBe(5)
    expect(second.stderr).toContain('runs already')
    expect((await ann.ssh("run demo -- touch '/storage/go'")).exitCode).toBe(0)
    expect((await first.ended).exitCode).toBe(3)
    expect((await ann.ssh('cron demo')).stdout).toContain('status 3')
    expect((await ann.ssh('info demo')).stdout).toContain('2 entries, the last run of 2 failed')
    await ann.ssh("run demo -- rm '/storage/go'")
  })

  it('leaves nothing behind when the daemon is killed', async () => {
    const run = await waiting()
    await platform.kill()
    await run.ended
    await platform.start()
    await count(2)
    expect((await ann.ssh('cron demo')).stdout).toContain('interrupted')
  })

  it('is ended with the site, as its workers are', async () => {
    const run = await waiting()
    expect((await ann.ssh('destroy demo --confirm demo.localhost')).exitCode).toBe(0)
    expect((await run.ended).exitCode).not.toBe(0)
    expect(await containers()).toEqual([])
  })
})

describe('a daemon killed between the end of an old worker and the start of the new one', () => {
  it('starts the new one when it is back', async () => {
    const crashing = { env: { HOSTING_FAULT: 'after:end-worker' }, flags: { 'warm-instances': '0' } }
    await using other = await startPlatform(crashing)
    const copy = await WorkingCopy.create(other.admin, 'crash', files)
    await copy.pushOk()
    const running = async () => (await other.admin.ssh('logs crash --source worker')).stdout
    await until('the old one to work', async () => (await running()).includes('working for one'))
    await copy.commit({ 'worker.php': worker('two') })
    await copy.push()
    await until('the daemon to be dead', () => !other.daemon.running)
    await other.start({ env: {} })
    await until('the new one to work', async () => (await running()).includes('working for two'))
    await until(
      'it and the web server to be alone',
      async () => (await containersOf(other.home, 'crash.localhost')).length === 2,
    )
  }, 120_000)
})
