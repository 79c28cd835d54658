// Dumps and restores through the doors that people use: what was there comes back, a bad dump changes nothing, nobody's memory fills.
import { readFile } from 'node:fs/promises'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { ended, start } from '../../src/lib/exec.ts'
import { containersOf } from '../helpers/clean-up.ts'
import { connectAs, type Credentials, credentialsOf, query } from '../helpers/database.ts'
import { type Platform, startPlatform } from '../helpers/platform.ts'
import { until } from '../helpers/until.ts'

/** The first one on a machine makes the image. */
const imageTimeoutMs = 600_000

let platform: Platform
let demo: Credentials

const ofDemo = (sql: string) => query(platform, demo, sql)
const restore = async (input: string | Uint8Array) => await platform.admin.ssh('db:restore demo', { input })
const dump = async () => {
  const { exitCode, stdout, stderr } = await platform.admin.ssh('db:dump demo')
  expect(stderr).toBe('')
  expect(exitCode).toBe(0)
  return stdout
}
/** What a dump says but for when it was made. */
const content = (text: string) => text.replace(/^-- Dump completed.*$/m, '')

const everything = `
  CREATE TABLE parent (id INT PRIMARY KEY, note TEXT) ENGINE=InnoDB;
  CREATE TABLE child (id INT AUTO_INCREMENT PRIMARY KEY, parent_id INT, bytes LONGBLOB,
    FOREIGN KEY (parent_id) REFERENCES parent (id) ON DELETE CASCADE) ENGINE=InnoDB;
  CREATE TABLE old_style (word VARCHAR(20), FULLTEXT (word)) ENGINE=MyISAM;
  CREATE TABLE log (what TEXT);
  CREATE SEQUENCE numbers START WITH 7;
  INSERT INTO parent VALUES (1, 'Żółć 😀 \\'quoted\\' DEFINER=\`root\`@\`localhost\`'), (2, NULL);
  INSERT INTO child (parent_id, bytes) VALUES (1, X'00FF0A0D1A5C27'), (2, REPEAT(X'00', 100000));
  INSERT INTO old_style VALUES ('kept');
  CREATE VIEW \`--all-databases\` AS SELECT p.note, LENGTH(c.bytes) AS size FROM parent p JOIN child c ON c.parent_id = p.id;
  CREATE VIEW second AS SELECT * FROM \`--all-databases\`;
  CREATE TRIGGER noted AFTER INSERT ON parent FOR EACH ROW INSERT INTO log VALUES (CONCAT('new ', NEW.id));
  CREATE FUNCTION doubled(n INT) RETURNS INT DETERMINISTIC RETURN 2 * n;
  CREATE PROCEDURE add_parent(IN n INT) INSERT INTO parent VALUES (n, 'by procedure');
  CREATE EVENT someday ON SCHEDULE EVERY 1 DAY DO DELETE FROM log;`

beforeAll(async () => {
  platform = await startPlatform()
  await platform.admin.ssh('create demo')
  const made = await platform.admin.ssh('db:create demo', { timeoutMs: imageTimeoutMs })
  expect(made.output).toContain('has a database')
  demo = await credentialsOf(platform, 'demo')
  await ofDemo(everything)
}, imageTimeoutMs)
afterAll(async () => await platform[Symbol.asyncDispose]())

describe('a dump', () => {
  it('restored brings all of it back: bytes, characters, keys, views, triggers, routines', async () => {
    const before = await dump()
    await ofDemo(
      "DELETE FROM parent; DROP TABLE log; CREATE TABLE newer (i INT); DROP VIEW second; DROP FUNCTION doubled; INSERT INTO old_style VALUES ('x')",
    )
    const restored = await restore(before)
    expect(restored.output).toContain('holds 5 tables now')
    expect(restored.exitCode).toBe(0)
    expect(content(await dump())).toBe(content(before))
    expect(await ofDemo('SELECT HEX(bytes) FROM child WHERE id = 1')).toEqual([['00FF0A0D1A5C27']])
    expect(await ofDemo('SELECT size FROM second ORDER BY size')).toEqual([[7], [100_000]])
    await ofDemo('CALL add_parent(doubled(21)); DELETE FROM parent WHERE id = 1')
    expect(await ofDemo("SELECT what FROM log WHERE what = 'new 42'")).toEqual([['new 42']])
    expect(await ofDemo('SELECT COUNT(*) FROM child')).toEqual([[1]])
    await expect(ofDemo('SELECT * FROM newer')).rejects.toThrow("doesn't exist")
  })

  it('of another server is restored although it names accounts of that one', async () => {
    const foreign = (await dump()).replaceAll(`\`${demo.user}\`@\`localhost\``, '`root`@`%`')
    expect(foreign).toContain('DEFINER=`root`@`%`')
    expect((await restore(foreign)).exitCode).toBe(0)
    expect(await ofDemo('SELECT doubled(4)')).toEqual([[8]])
  })

  it('is a view of one moment, whatever is written meanwhile', async () => {
    const connection = await connectAs(platform, demo)
    const done = new AbortController()
    const writer = (async () => {
      for (let n = 1000; !done.signal.aborted; n++)
        await connection.query(
          'START TRANSACTION; INSERT INTO parent VALUES (?, NULL); INSERT INTO child (parent_id) VALUES (?); COMMIT',
          [n, n],
        )
    })()
    const text = await dump()
    done.abort()
    await writer
    await connection.end()
    expect((await restore(text)).exitCode).toBe(0)
    expect(
      await ofDemo('SELECT COUNT(*) FROM parent WHERE id >= 1000 AND id NOT IN (SELECT parent_id FROM child)'),
    ).toEqual([[0]])
  })
})

describe('a restore that fails', () => {
  it.each([
    ['is no SQL', 'CREATE TABLE a (i INT);\nThis is a letter.\n', /ERROR 1064 .* at line 2/],
    ['is empty', '', /holds no table/],
    ['is compressed', Buffer.from([0x1f, 0x8b, 8, 0, 0, 0]), /gunzip -c/],
    ['is of a whole server', 'CREATE DATABASE wordpress;\nUSE wordpress;\n', /without --databases/],
    ['is aimed at the live database', 'USE DEMO;\nDROP TABLE parent;\n', /Access denied/],
    ['is aimed at the accounts', 'DROP TABLE mysql.global_priv;\n', /denied/],
    ['runs programs', 'CREATE TABLE a (i INT);\n\\! touch /tmp/x\nsystem id\n', /Nothing was changed/],
    [
      'reads files',
      "CREATE TABLE a (t TEXT);\nLOAD DATA LOCAL INFILE '/etc/passwd' INTO TABLE a;\n",
      /local infile|disabled/i,
    ],
    ['breaks off', 'CUT', /cut off/],
  ])('because the dump %s leaves everything as it was, and says why', async (_what, input, reason) => {
    const before = await dump()
    const text =
      typeof input !== 'string'
        ? input
        : input === 'CUT'
          ? before.slice(0, before.lastIndexOf('-- Dump completed'))
          : input.replace('DEMO', demo.name)
    const failed = await restore(text)
    expect(failed.stderr).toMatch(reason)
    expect(failed.exitCode).toBe(6)
    expect(content(await dump())).toBe(content(before))
    expect(await ofDemo('SELECT COUNT(*) FROM information_schema.SCHEMATA')).toEqual([[2]])
  })

  it('because the client went away leaves everything as it was', async () => {
    const before = await dump()
    const idle = (await containersOf(platform.home, 'demo.localhost')).length
    const client = platform.admin.open('db:restore demo')
    client.type(`CREATE TABLE half (i INT);\n${'-- filler\n'.repeat(1000)}`)
    // Not by asking for another: that one could be the first.
    await until('the restore to be under way', async () => {
      return (await containersOf(platform.home, 'demo.localhost')).length > idle
    })
    await client[Symbol.asyncDispose]()
    await until('it to be undone', async () => (await platform.admin.ssh('db:restore demo')).exitCode === 6)
    expect(content(await dump())).toBe(content(before))
  })

  it('at a terminal asks for no dump to be typed', async () => {
    const typed = await platform.admin.ssh('db:restore demo', { flags: ['-tt'] })
    expect(typed).toMatchObject({ exitCode: 2 })
  })
})

describe('a large database', () => {
  const megabytes = 200
  /** Buffers on the way, and what is collected later: the same for any size. */
  const mostGrowthMb = 100

  async function peakMemoryMb(): Promise<number> {
    const status = await readFile(`/proc/${platform.daemon.pid}/status`, 'utf8')
    return Number(/^VmRSS:\s+(\d+)/m.exec(status)?.[1]) / 1024
  }

  it('passes through the daemon, both ways, without staying there: not even for a slow reader', async () => {
    await ofDemo(`CREATE TABLE large (id INT AUTO_INCREMENT PRIMARY KEY, bytes MEDIUMTEXT);
      INSERT INTO large (bytes) SELECT REPEAT('0123456789abcdef', 65536) FROM seq_1_to_${megabytes}`)
    const before = await peakMemoryMb()
    let most = 0
    const watch = setInterval(() => void peakMemoryMb().then((now) => (most = Math.max(most, now))), 20)
    const path = `${platform.directory}/large.sql`
    const ssh = [...platform.admin.sshOptions, '-p', String(platform.sshPort), 'git@127.0.0.1', 'db:dump demo']
    const slowly = start(
      'bash',
      ['-c', '"$@" | { sleep 2; cat > "$0"; }; exit "${PIPESTATUS[0]}"', path, 'ssh', ...ssh],
      { env: platform.admin.env },
    )
    expect(await ended(slowly)).toBe(0)
    const back = start('bash', ['-c', '"$@" < "$0"', path, 'ssh', ...ssh.slice(0, -1), 'db:restore demo'], {
      env: platform.admin.env,
    })
    expect(await ended(back)).toBe(0)
    clearInterval(watch)
    expect(await ofDemo('SELECT COUNT(*), SUM(LENGTH(bytes)) DIV 1048576 FROM large')).toEqual([[megabytes, megabytes]])
    expect(most - before).toBeLessThan(mostGrowthMb)
  }, 120_000)
})
