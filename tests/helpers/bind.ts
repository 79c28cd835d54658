// A real name server (BIND) with one zone that takes dynamic updates, on a port of its own.
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { execOk } from '../../src/lib/exec.ts'
import { freePort, listens } from './ports.ts'
import { startServer } from './server-process.ts'

export interface Bind {
  readonly address: string
  readonly keyFile: string
  [Symbol.asyncDispose](): Promise<void>
}

export async function startBind({ scratch, zone }: { scratch: string; zone: string }): Promise<Bind> {
  const port = await freePort()
  const keyFile = join(scratch, 'tsig.key')
  await writeFile(keyFile, await execOk('tsig-keygen', ['-a', 'hmac-sha256', 'hosting']))
  const zoneFile = join(scratch, 'zone')
  await writeFile(
    zoneFile,
    `$TTL 60\n@ IN SOA ns.${zone}. admin.${zone}. 1 3600 600 86400 60\n@ IN NS ns.${zone}.\nns IN A 127.0.0.1\n`,
  )
  const parentFile = join(scratch, 'parent')
  // What lies above is served as well: CAA records are looked for up to the root.
  await writeFile(parentFile, '$TTL 60\n@ IN SOA localhost. admin.localhost. 1 3600 600 86400 60\n@ IN NS localhost.\n')
  const config = join(scratch, 'named.conf')
  await writeFile(
    config,
    `${await readFile(keyFile, 'utf8')}
options { directory "${scratch}"; listen-on port ${port} { 127.0.0.1; }; listen-on-v6 { none; }; recursion no; pid-file none; session-keyfile "${scratch}/session.key"; };
controls {};
zone "${zone.replace(/^[^.]+\./, '')}" { type primary; file "${parentFile}"; };
zone "${zone}" { type primary; file "${zoneFile}"; allow-update { key hosting; }; };
`,
  )
  const server = await startServer({
    file: 'named',
    args: ['-g', '-c', config, '-n', '1'],
    ready: () => listens(port),
  })
  return { address: `127.0.0.1:${port}`, keyFile, [Symbol.asyncDispose]: () => server[Symbol.asyncDispose]() }
}
