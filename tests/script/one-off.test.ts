// Programs of a site beside its instances: the release command of its Procfile, `run` and `shell`.
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Person } from '../helpers/person.ts'
import { type Platform, startPlatform } from '../helpers/platform.ts'
import { WorkingCopy } from '../helpers/working-copy.ts'

let platform: Platform
let ann: Person
let demo: WorkingCopy

const secret = 'a-secret-of-some-length'
const page = (text: string) => `<?php echo '${text} ', @file_get_contents('data/migrated');`
const procfile = (command: string) => `release: ${command}\n`

beforeAll(async () => {
  platform = await startPlatform({ flags: { 'release-timeout': '4', 'instance-memory-mb': '96' } })
  ann = await platform.addPerson('ann')
  await ann.ssh('create demo')
  await ann.ssh(`env:set demo TOKEN=${secret}`)
  demo = await WorkingCopy.create(ann, 'demo', {
    'index.php': page('first'),
    'hosting.toml': 'storage = ["data/"]\nbuildpack = "php-db"\n',
    'import.php': "<?php $n = 0; while (!feof(STDIN)) $n += strlen(fread(STDIN, 65536)); fwrite(STDERR, 'read '); echo $n;",
    Procfile: procfile(`echo "token $TOKEN" && echo one > data/migrated && php -r 'new mysqli(getenv("DB_HOST"), getenv("DB_USER"), getenv("DB_PASSWORD"), getenv("DB_NAME")); fwrite(STDERR, "connected");'`),
  })
}, 900_000)
afterAll(async () => await platform[Symbol.asyncDispose]())

const text = async () => (await platform.get('demo')).text

/** Changes the page and the release command. */
async function pushWith(name: string, command: string) {
  await demo.commit({ 'index.php': page(name), Procfile: procfile(command) })
  return await demo.push()
}

describe('a release command', () => {
  it('runs before the switch, with variables, storage and database; secrets are not shown', async () => {
    const pushed = await demo.pushOk()
    expect(pushed.stderr).toMatch(/token \*{8}\s/)
    expect(pushed.stderr).not.toContain(secret)
    expect(pushed.stderr).toContain('connected')
    expect(pushed.stderr).toContain('release command done')
    expect(await text()).toBe('first one\n')
  }, 900_000)

  it('that fails rejects the push with its status; the old release serves on', async () => {
    const pushed = await pushWith('second', 'echo two > data/migrated; (exit 3)')
    expect(pushed.exitCode).not.toBe(0)
    expect(pushed.stderr).toContain('The release command of Procfile ended with exit status 3')
    expect(await text()).toBe('first two\n')
    expect(await ann.json('releases demo')).toMatchObject({ 0: { state: 'failed' } })
  })

  it('that hangs is ended', async () => {
    const pushed = await pushWith('third', 'echo working; sleep 1000')
    expect(pushed.stderr).toContain('       working')
    expect(pushed.stderr).toContain('did not end within 4 s, and was killed')
    expect(await text()).toBe('first two\n')
  })

  it('that needs too much memory is told so, also when it survives that itself', async () => {
    const greedy = `php -d memory_limit=-1 -r '$x = ""; while (true) $x .= str_repeat("x", 1 << 20);' || exit 9`
    const pushed = await pushWith('fourth', greedy)
    expect(pushed.stderr).toContain('needed more than the 96 MB of memory that an instance has, and was killed')
    expect(await text()).toBe('first two\n')
  })

  it('is not run by a rollback or a change of variables', async () => {
    expect((await pushWith('fifth', 'echo five >> data/migrated')).exitCode).toBe(0)
    expect(await text()).toBe('fifth two\nfive\n')
    expect((await ann.ssh('env:set demo MORE=1')).exitCode).toBe(0)
    expect((await ann.ssh('rollback demo')).exitCode).toBe(0)
    expect(await text()).toBe('first two\nfive\n')
  })
})
