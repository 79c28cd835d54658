// Programs of a site beside its instances: the release command of its Procfile, `run` and `shell`.
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { Client, type ClientChannel } from 'ssh2'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { homeLabel, siteLabel, toolLabel } from '../../src/runtime/docker/labels.ts'
import { containersOf } from '../helpers/clean-up.ts'
import type { Person } from '../helpers/person.ts'
import { type Platform, startPlatform } from '../helpers/platform.ts'
import { projectRoot } from '../helpers/paths.ts'
import { run, runOk } from '../helpers/session.ts'
import { until } from '../helpers/until.ts'
import { WorkingCopy } from '../helpers/working-copy.ts'

let platform: Platform
let ann: Person
let demo: WorkingCopy

const secret = 'a-secret-of-some-length'
const page = (text: string) => `<?php echo '${text} ', @file_get_contents('data/migrated');`
const procfile = (command: string) => `release: ${command}\n`

beforeAll(async () => {
  platform = await startPlatform({
    flags: { 'instance-memory-mb': '96', 'one-offs-per-site': '2' },
  })
  ann = await platform.addPerson('ann')
  await ann.ssh('create demo')
  await ann.ssh(`env:set demo TOKEN=${secret}`)
  demo = await WorkingCopy.create(ann, 'demo', {
    'index.php': page('first'),
    'hosting.toml': 'storage = ["data/"]\nbuildpack = "php-db"\n',
    Procfile: procfile(
      `echo "token $TOKEN" && echo one > data/migrated && php -r 'new mysqli(getenv("DB_HOST"), getenv("DB_USER"), getenv("DB_PASSWORD"), getenv("DB_NAME")); fwrite(STDERR, "connected");'`,
    ),
  })
}, 900_000)
afterAll(async () => await platform[Symbol.asyncDispose]())

/** Programs of people: instances are not among them, of which an older one may still answer its last visitors. */
async function programs(): Promise<number> {
  const labels = [`${homeLabel}=${platform.home.id}`, `${siteLabel}=demo.localhost`, toolLabel]
  const filters = labels.flatMap((label) => ['--filter', `label=${label}`])
  const { stdout } = await runOk('docker', ['ps', '-aq', ...filters])
  return stdout.split('\n').filter(Boolean).length
}

/** For what ssh(1) cannot do: bytes both ways, signals, windows of any size, an end without a word. */
async function open(commandLine: string, size?: { rows: number; cols: number }) {
  const client = new Client()
  client.connect({ port: platform.sshPort, username: 'git', privateKey: await readFile(ann.keyFile) })
  await once(client, 'ready')
  const options = size === undefined ? {} : { pty: { ...size, width: 0, height: 0 } }
  const channel = await new Promise<ClientChannel>((resolve, reject) =>
    client.exec(commandLine, options, (error, opened) => (error === undefined ? resolve(opened) : reject(error))),
  )
  return { client, channel }
}

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

describe('run', () => {
  it('gives a program the words as they are, and passes its output, apart, and its exit status', async () => {
    const ran = await ann.ssh(`run demo -- sh -c 'echo "$1"; echo wrong >&2; exit 42' sh "a  b; \\$HOME *"`)
    expect(ran).toMatchObject({ exitCode: 42, stdout: 'a  b; $HOME *\n', stderr: 'wrong\n' })
    expect((await ann.ssh('run demo php -r "exit(7);"')).exitCode).toBe(7)
    expect((await ann.ssh('run demo php --version')).stdout).toMatch(/^PHP 8/)
    expect((await ann.ssh("run demo -- sh -c 'kill -TERM $$'")).exitCode).toBe(128 + 15)
    expect(await ann.ssh('run demo -- nonsense')).toMatchObject({
      exitCode: 127,
      stderr: 'There is no program nonsense here\n',
    })
  })

  it('finds what an instance finds: variables, storage, database, settings; the release cannot be written', async () => {
    const script = `
      echo getenv('TOKEN'), ' ', (new mysqli(getenv('DB_HOST'), getenv('DB_USER'), getenv('DB_PASSWORD'), getenv('DB_NAME')))->query('select 6*7')->fetch_row()[0];
      echo ' ', file_put_contents('data/from-run', 'x'), ' ', file_put_contents('/tmp/x', 'x'), ' ', getcwd(), ' ', posix_getuid() > 1000 ? 'user' : 'root';
      var_dump(@file_put_contents('index.php', 'x'));`
    const ran = await ann.ssh('run demo -- php', { input: `<?php ${script}` })
    expect(ran.stdout).toBe(`${secret} 42 1 1 /site/tree userbool(false)\n`)
  })

  it('passes megabytes through, both ways, byte by byte', async () => {
    const { client, channel } = await open("run demo -- sh -c 'cat; echo done >&2'")
    const sent = randomBytes(6 * 1024 * 1024)
    const [received, said] = [Array.fromAsync(channel), Array.fromAsync(channel.stderr)]
    channel.end(sent)
    expect(Buffer.concat(await received).equals(sent)).toBe(true)
    expect(String(await said)).toBe('done\n')
    client.end()
  })

  it('does the same on the server itself', async () => {
    const words = ['run', 'demo', '--', 'sh', '-c', 'cat; echo "$1"; exit 4', 'sh', "it's  one"]
    const cli = [join(projectRoot, 'src/cli.ts'), '--home', platform.home.root, ...words]
    const ran = await run(process.execPath, cli, { input: 'piped ' })
    expect(ran).toMatchObject({ exitCode: 4, stdout: "piped it's  one\n", stderr: '' })
  })

  it('sends it the signals of the client', async () => {
    const { client, channel } = await open(
      'run demo -- bash -c \'trap "exit 5" INT; echo ready; while true; do sleep 0.1; done\'',
    )
    const exit = once(channel, 'exit')
    await once(channel, 'data')
    channel.signal('INT')
    expect((await exit)[0]).toBe(5)
    client.end()
  })

  it('ends it when its client goes away', async () => {
    const { client, channel } = await open("run demo -- sh -c 'echo ready; sleep 1000'")
    await once(channel, 'data')
    expect(await programs()).toBe(1)
    client.destroy()
    await until('the program to be gone', async () => (await programs()) === 0)
  })

  it('runs so many at a time', async () => {
    const running = await Promise.all([1, 2].map(() => open("run demo -- sh -c 'echo ready; sleep 1000'")))
    for (const { channel } of running) await once(channel, 'data')
    const refused = await ann.ssh('run demo -- true')
    expect(refused.exitCode).toBe(5)
    expect(refused.stderr).toContain('demo.localhost has 2 programs of run and shell at work already')
    for (const { client } of running) client.destroy()
    await until('both to be gone', async () => (await programs()) === 0)
  })

  it('says what it needs', async () => {
    await ann.ssh('create empty')
    expect((await ann.ssh('run empty -- true')).stderr).toContain('Nothing has been deployed to empty.localhost yet')
    expect((await ann.ssh('run demo')).exitCode).toBe(2)
    expect((await ann.ssh('run demo --')).stderr).toContain('name a program to run')
    expect((await ann.ssh('run --json demo true')).stderr).toContain('--json means nothing here')
    expect((await ann.ssh('shell demo')).stderr).toContain('A shell needs a terminal')
  })

  it('is for those who may write', async () => {
    const bob = await platform.addPerson('bob')
    expect((await bob.ssh('run demo -- true')).exitCode).toBe(3)
    await ann.ssh('access:add demo bob --role read')
    for (const command of ['run demo -- true', 'shell demo'])
      expect((await bob.ssh(command, { flags: ['-tt'] })).exitCode).toBe(4)
    await ann.ssh('access:add demo bob --role write')
    expect((await bob.ssh('run demo -- true')).exitCode).toBe(0)
  })

  it('works in a stopped site, and in a static one with what its image has', async () => {
    await ann.ssh('stop demo')
    expect((await ann.ssh('run demo -- php -r "echo 1;"')).stdout).toBe('1')
    await ann.ssh('start demo')
    const plain = await WorkingCopy.create(ann, 'plain', { 'index.html': 'plain' })
    await plain.pushOk()
    expect((await ann.ssh('run plain -- ls')).stdout).toBe('index.html\n')
    expect((await ann.ssh('run plain -- php -v')).stderr).toContain('There is no program php here')
  }, 180_000)
})

describe('a shell', () => {
  it('has a terminal of the size of the client, hears Ctrl-C and passes its exit status', async () => {
    await using shell = ann.open('shell demo', ['-tt'])
    await shell.says('demo.localhost:/site/tree$ ')
    shell.type('stty size; echo $((6*7))\r')
    await shell.says('42')
    shell.type('sleep 1000\r')
    await shell.says('sleep 1000')
    await until('sleep to run', async () => (await programs()) === 1)
    shell.type('\x03')
    shell.type('echo $?-and-on\r')
    await shell.says('130-and-on')
    shell.type('exit 9\r')
    expect(await shell.ended()).toBe(9)
  })
})

describe('a program at a terminal', () => {
  it('knows its size from the beginning, and when it changes', async () => {
    const { client, channel } = await open("run demo -- bash -c 'while sleep 0.1; do stty size; done'", {
      rows: 33,
      cols: 101,
    })
    const sizes = new Set<string>()
    const lines = createInterface(channel)
    lines.on('line', (line) => sizes.add(line))
    await until('the first size', () => sizes.size > 0)
    expect([...sizes]).toEqual(['33 101'])
    channel.setWindow(40, 120, 0, 0)
    await until('the new size', () => sizes.has('40 120'))
    client.destroy()
    await until('the program to be gone', async () => (await programs()) === 0)
  })
})

describe('a site that is destroyed, a platform that stops', () => {
  it('ends the programs of the site', async () => {
    const { client, channel } = await open("run plain -- sh -c 'echo ready; sleep 1000'")
    await once(channel, 'data')
    const said = Array.fromAsync(channel.stderr)
    await ann.ssh('destroy plain --confirm plain.localhost')
    expect(String(await said)).toContain('The site was destroyed meanwhile')
    expect(await containersOf(platform.home, 'plain.localhost')).toEqual([])
    client.end()
  })

  it('ends all of them, and removes after a crash what it left', async () => {
    const one = await open("run demo -- sh -c 'echo ready; sleep 1000'")
    await once(one.channel, 'data')
    await platform.kill()
    expect(await programs()).toBe(1)
    await platform.start()
    expect(await programs()).toBe(0)
    const other = await open("run demo -- sh -c 'echo ready; sleep 1000'")
    await once(other.channel, 'data')
    const said = Array.fromAsync(other.channel.stderr)
    await platform.stop()
    expect(String(await said)).toContain('The platform is being stopped')
    expect(await containersOf(platform.home)).toEqual([])
  }, 180_000)
})
