// Two sites of one machine, of which one is hostile: it runs whatever it likes in its instance, and reaches nothing but itself and the
// internet. Each way that would lead further is tried from the inside.
import { createServer, type Server } from 'node:http'
import { type AddressInfo } from 'node:net'
import { networkInterfaces } from 'node:os'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { z } from 'zod'
import { type Credentials, credentialsOf } from '../helpers/database.ts'
import { type HostileSite, pushHostileSite } from '../helpers/hostile-site.ts'
import { type Platform, startPlatform } from '../helpers/platform.ts'

let platform: Platform
let mallory: HostileSite
let victim: HostileSite
/** The victim's. */
let theirs: Credentials
let victimInstance: { readonly id: string; readonly address: string }

beforeAll(async () => {
  platform = await startPlatform()
  // One after the other: the first makes the image.
  victim = await pushHostileSite(platform, 'victim')
  mallory = await pushHostileSite(platform, 'mallory')
  theirs = await credentialsOf(platform, 'victim')
  await victim.php(
    `${connectSelf} $db->query('CREATE TABLE secrets (word TEXT)'); $db->query("INSERT INTO secrets VALUES ('theirs')");`,
  )
  const id = (await victim.sh('hostname')).split('\n')[0] ?? ''
  victimInstance = { id, address: (await victim.php('echo gethostbyname(gethostname());')).trim() }
}, 900_000)
afterAll(async () => await platform[Symbol.asyncDispose]())

const connectSelf = `$db = new mysqli('localhost', getenv('DB_USER'), getenv('DB_PASSWORD'), getenv('DB_NAME'));`
const denied = /Permission denied|Operation not permitted|Read-only file system|denied/i

describe('a hostile program', () => {
  it('runs: what is refused below is not refused for want of trying', async () => {
    expect(await mallory.sh('id -u; cat /site/tree/data/kept.txt')).toMatch(/^\d{6,}\nkept by mallory\s*status 0$/)
    expect(await mallory.php(`${connectSelf} echo $db->query('SELECT 1 + 1')->fetch_row()[0];`)).toBe('2')
    expect(await victim.php(`${connectSelf} echo $db->query('SELECT word FROM secrets')->fetch_row()[0];`)).toBe(
      'theirs',
    )
  })

  it('is another user in each site', async () => {
    expect(await mallory.sh('id -u')).not.toBe(await victim.sh('id -u'))
  })
})

describe('files', () => {
  it('of other sites are nowhere: neither their releases nor their storage nor the home', async () => {
    const mounts = await mallory.sh('cat /proc/self/mountinfo')
    expect(mounts).toContain('/site')
    expect(mounts).not.toContain('victim')
    expect(await mallory.sh(`ls ${platform.home.root}`)).toContain('No such file')
    const found = await mallory.sh(
      'grep -rls "kept by victim" / --exclude-dir=proc --exclude-dir=sys --exclude-dir=usr',
    )
    // 1 or 2: some folders of the image are root's alone.
    expect(found).toMatch(/^status [12]$/)
  })

  it('of the host are none but those of the image', async () => {
    expect(await mallory.sh('cat /etc/shadow')).toMatch(denied)
    expect(await mallory.sh('ls /home /root /var/lib/docker')).not.toContain('status 0')
  })

  it('of the release and the image cannot be changed', async () => {
    for (const path of ['/site/tree/index.php', '/site/php/site.ini', '/usr/local/bin/start', '/etc/passwd'])
      expect(await mallory.sh(`echo x >> ${path}`), path).toMatch(denied)
  })

  it("that are sockets: its own, the database server's, and no other", async () => {
    const sockets = (
      await mallory.sh('find / -xdev -type s 2> /dev/null; find /run /tmp /storage -type s 2> /dev/null')
    )
      .split('\n')
      .sort()
    const known =
      /^(\/run\/site\/web\.sock|\/run\/mysqld\/mysqld\.sock|\/tmp\/php-fpm\.sock|\/run\/mail\/.*|status \d)$/
    expect(sockets.filter((path) => !known.test(path))).toEqual([])
  })
})

describe('the database server', () => {
  const query = (sql: string) =>
    mallory.php(`${connectSelf} $rows = $db->query(base64_decode('${btoa(sql)}'));
      echo $db->error !== '' ? "error: $db->error" : json_encode($rows === true ? true : $rows->fetch_all());`)

  it('lets nobody in as somebody else', async () => {
    for (const [user, password] of [
      [theirs.user, ''],
      [theirs.user, 'guess'],
      ['root', ''],
      ['mysql', ''],
      ['', ''],
    ])
      expect(
        await mallory.php(`new mysqli('localhost', '${user}', '${password}'); echo mysqli_connect_error();`),
      ).toContain('Access denied')
  })

  it('shows nothing of other databases', async () => {
    const own = await credentialsOf(platform, 'mallory')
    const shown = z.array(z.array(z.string())).parse(JSON.parse(await query('SHOW DATABASES')))
    expect(shown.flat().toSorted()).toEqual(['information_schema', own.name].toSorted())
    const seen = await query('SELECT SCHEMA_NAME FROM information_schema.SCHEMATA')
    expect(JSON.parse(seen)).toContainEqual([own.name])
    expect(seen).not.toContain(theirs.name)
    expect(await query('SELECT TABLE_NAME FROM information_schema.TABLES')).not.toContain('secrets')
    expect(await query('SHOW FULL PROCESSLIST')).not.toContain(theirs.user)
  })

  it.each([
    ['tables of another site', () => `SELECT * FROM ${theirs.name}.secrets`],
    ['the accounts', () => 'SELECT * FROM mysql.user'],
    ['files of the server', () => `SELECT * FROM (SELECT 1) AS t INTO OUTFILE '/tmp/x'`],
    ['a dump into a file', () => `SELECT 'x' INTO DUMPFILE '/run/mysqld/x'`],
    ['reading a file into a table', () => `LOAD DATA INFILE '/etc/passwd' INTO TABLE t`],
    ['a new account', () => `CREATE USER 'x'@'localhost'`],
    ['more rights', () => `GRANT ALL ON *.* TO CURRENT_USER()`],
    ['a new database', () => 'CREATE DATABASE another'],
    ['settings of the server', () => 'SET GLOBAL max_connections = 1'],
    ['its end', () => 'SHUTDOWN'],
    ['programs of its own in the server', () => `CREATE FUNCTION sys_exec RETURNS INT SONAME 'lib_mysqludf_sys.so'`],
    ['a plugin', () => `INSTALL SONAME 'ha_federatedx'`],
    ['the general log as a file', () => `SET GLOBAL general_log_file = '/tmp/x.php'`],
  ])('refuses %s', async (_what, sql) => {
    expect(await query(sql())).toMatch(/^error: .*(denied|privilege|not allowed|secure-file-priv|read-only)/i)
  })

  it('reads no file for LOAD_FILE', async () => {
    expect(await query("SELECT LOAD_FILE('/etc/passwd')")).toBe('[[null]]')
  })

  it('keeps its socket where no site can replace it', async () => {
    expect(await mallory.sh('mv /run/mysqld/mysqld.sock /run/mysqld/old')).toMatch(denied)
    expect(await mallory.sh('touch /run/mysqld/x')).toMatch(denied)
  })
})

/** Says of each address whether something answered there. */
async function reached(addresses: readonly string[]): Promise<string[]> {
  const list = addresses.map((address) => `'${address}'`).join(', ')
  const answer = await mallory.php(`foreach ([${list}] as $to) {
    $socket = @stream_socket_client("tcp://$to", $number, $error, 1.5);
    if ($socket) echo "$to\\n";
  }`)
  return answer.split('\n').filter(Boolean)
}

const hostAddresses = () =>
  Object.values(networkInterfaces()).flatMap((list) =>
    (list ?? [])
      .filter(({ internal }) => !internal)
      .map(({ address, family }) => (family === 'IPv6' ? `[${address}]` : address)),
  )

describe('the network', () => {
  let service: Server
  let port: number
  beforeAll(() => {
    service = createServer((_, response) => response.end('secret')).listen(0)
    port = (service.address() as AddressInfo).port
  })
  afterAll(() => service.close())

  it('leads to no service of this machine by any of its addresses: not the daemon, not its edge, not another', async () => {
    const ports = [port, platform.sshPort, platform.httpPort, 22, 2375, 3306]
    const hosts = hostAddresses()
    expect(hosts.length).toBeGreaterThan(0)
    const targets = hosts.flatMap((host) => ports.map((number) => `${host}:${number}`))
    expect(await reached(targets)).toEqual([])
    // The same service, asked from outside of an instance.
    expect(await (await fetch(`http://127.0.0.1:${port}`)).text()).toBe('secret')
  })

  it('leads to no service of this machine by the gateway of its own network', async () => {
    const gateway = await mallory.php(`foreach (file('/proc/net/route') as $line) {
      [, $to, $by] = preg_split('/\\s+/', $line);
      if ($to === '00000000') echo implode('.', array_reverse(array_map('hexdec', str_split($by, 2))));
    }`)
    expect(gateway).toMatch(/^\d+\.\d+\.\d+\.\d+$/)
    expect(await reached([port, platform.sshPort, platform.httpPort].map((number) => `${gateway}:${number}`))).toEqual(
      [],
    )
  })

  it("leads to no cloud's metadata", async () => {
    const targets = [
      '169.254.169.254:80',
      '169.254.170.2:80',
      '[fd00:ec2::254]:80',
      '[fe80::a9fe:a9fe]:80',
      '100.100.100.200:80',
    ]
    expect(await reached(targets)).toEqual([])
  })

  it('leads to no instance of another site, by address or by name', async () => {
    expect(victimInstance.address).toMatch(/^\d+\.\d+\.\d+\.\d+$/)
    const waiting = victim.php(`$server = stream_socket_server('tcp://0.0.0.0:8000'); touch('/tmp/listening');
      echo @stream_socket_accept($server, 5) ? 'visited' : 'alone';`)
    const tries = await Promise.all(
      [1, 2, 3].map(() =>
        reached([`${victimInstance.address}:8000`, `${victimInstance.id}:8000`, 'victim.localhost:8000']),
      ),
    )
    expect(tries.flat()).toEqual([])
    await victim.sh('test -e /tmp/listening')
    expect(await reached([`${victimInstance.address}:8000`])).toEqual([])
    expect(await waiting).toBe('alone')
  })

  it('takes no packets that a program makes itself: nobody is impersonated', async () => {
    const raw =
      await mallory.php(`foreach ([[AF_INET, SOCK_RAW, 1], [17, SOCK_RAW, 0x0806]] as [$family, $type, $protocol])
      echo function_exists('socket_create') && @socket_create($family, $type, $protocol) ? 'made' : 'refused', ' ';`)
    expect(raw).not.toContain('made')
    expect(await mallory.sh('grep Cap /proc/self/status')).toMatch(/CapEff:\s+0{16}\n/)
  })

  it('is the same after all of that: out to the internet', async () => {
    expect(await reached(['deb.debian.org:80'])).toEqual(['deb.debian.org:80'])
  })
})

describe('the machine', () => {
  it('has no Docker socket to offer', async () => {
    expect(await mallory.sh('ls /var/run/docker.sock /run/docker.sock /run/containerd')).not.toContain('status 0')
  })

  it('shows no processes of others', async () => {
    const names = await mallory.sh('cat /proc/[0-9]*/cmdline | tr "\\0" " "')
    expect(names).toMatch(/php-fpm/)
    expect(names).not.toMatch(/dockerd|src\/main\.ts|mariadbd/)
    expect(await mallory.sh('ls -d /proc/[0-9]* | wc -l')).toMatch(/^\d{1,2}\n/)
  })

  it.each([
    ['mount', 'mount -t tmpfs none /tmp'],
    ['a user namespace', 'unshare -U true'],
    ['a mount namespace', 'unshare -m true'],
    ['the namespaces of the first process', 'nsenter -t 1 -m -n true'],
    ['a device', 'mknod /tmp/disk b 8 0'],
    ['another root', 'chroot /site true'],
    ['another user', 'setpriv --reuid=0 true'],
    ['su', 'su -c id root < /dev/null'],
    ['another host name', 'hostname other'],
    ['the clock', 'date -s 2030-01-01'],
    ['the settings of the kernel', 'echo 1 > /proc/sys/kernel/core_pattern'],
    ['the sysrq trigger', 'echo b > /proc/sysrq-trigger'],
    [
      'the limits of its group',
      'echo max > /sys/fs/cgroup/memory.max || echo 1000000000 > /sys/fs/cgroup/memory/memory.limit_in_bytes',
    ],
    ['the messages of the kernel', 'dmesg'],
    ['the memory of the machine', 'head -c 1 /dev/mem'],
    ['a higher priority', 'nice -n -5 true; test "$(nice -n -5 nice)" = -5'],
    ['a program of its own from /tmp', 'cp /bin/true /tmp/true && /tmp/true'],
  ])('gives no way to %s', async (_what, command) => {
    expect(await mallory.sh(command)).not.toMatch(/status 0$/)
  })

  it('lets nothing gain rights: a set-user-ID program is one like any other', async () => {
    expect(await mallory.sh('cat /proc/self/status')).toMatch(/NoNewPrivs:\s+1\n[^]*Seccomp:\s+2\n/)
    const programs = await mallory.sh('find / -xdev -perm -4000 -type f')
    expect(programs).toContain('/su')
  })
})
