// What testssl.sh finds wrong with the edge's TLS: nothing above LOW. It takes half a minute, so it looks at what depends on us only
// (versions, ciphers, forward secrecy); its look at old attacks on TLS was done by hand (docs/why/160-tls.md). Headers are a site's own.
import { readFile, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { z } from 'zod'
import { certificateFilesIn } from '../../src/certs/files.ts'
import { createTrialAuthority } from '../../src/certs/local-ca/authority.ts'
import { caCertificatePath } from '../../src/certs/local-ca/path.ts'
import { execOk } from '../../src/lib/exec.ts'
import { systemClock } from '../../src/lib/clock.ts'
import { createId } from '../../src/lib/id.ts'
import { parseHostName } from '../../src/names/host-name.ts'
import { startEdge } from '../helpers/edge-fixture.ts'

const findings = z.array(z.object({ id: z.string(), severity: z.string(), finding: z.string() }))
const acceptable = ['OK', 'INFO', 'LOW']
/** What it says of the OpenSSL that it runs with itself. */
const aboutItself = ['engine_problem']
const host = parseHostName('demo.localhost')

it('has nothing above LOW for testssl.sh', { timeout: 120_000 }, async () => {
  await using fixture = await startEdge()
  const { config, edge, tlsPort } = fixture
  await fixture.addSite(host, (_, response) => response.end(), { 'index.html': '<p>home</p>' })
  const parts = await createTrialAuthority({ home: config.home, baseDomain: 'localhost', clock: systemClock }).issue([
    host,
  ])
  const id = createId()
  await certificateFilesIn(config.home, (await stat(config.home.tls)).gid).write(id, parts)
  await edge.tls.serve(host, id)

  const report = join(config.home.root, 'testssl.json')
  const options = ['--ip', '127.0.0.1', '--warnings', 'batch', '--color', '0', '--quiet', '--jsonfile', report]
  const trust = ['--add-ca', caCertificatePath(config.home)]
  await execOk('testssl', [...options, ...trust, '-p', '-s', '-f', `${host}:${tlsPort}`], { timeoutMs: 100_000 })
  const found = findings.parse(JSON.parse(await readFile(report, 'utf8')))
  expect(found.map(({ id: name }) => name)).toEqual(expect.arrayContaining(['TLS1_2', 'TLS1_3', 'PFS']))
  expect(
    found.filter(({ id: name, severity }) => !acceptable.includes(severity) && !aboutItself.includes(name)),
  ).toEqual([])
})
