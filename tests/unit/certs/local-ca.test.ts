// The CA of a trial run, judged by OpenSSL: what it signs is good for names below the base domain and for nothing else.
import { mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createPrivateKey, X509Certificate } from 'node:crypto'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { createTrialAuthority } from '../../../src/certs/local-ca/authority.ts'
import { ensureCaFiles } from '../../../src/certs/local-ca/ca-files.ts'
import { issueLeaf } from '../../../src/certs/local-ca/issue.ts'
import { homeAt, type Home } from '../../../src/config/home.ts'
import { exec } from '../../../src/lib/exec.ts'
import { systemClock } from '../../../src/lib/clock.ts'

let home: Home
const authorityFor = (baseDomain = 'localhost') => createTrialAuthority({ home, baseDomain, clock: systemClock })

beforeEach(async () => {
  home = homeAt(await mkdtemp(join(tmpdir(), 'local-ca-')))
})
afterEach(async () => {
  await rm(home.root, { recursive: true })
})

/** What OpenSSL says of a leaf for a name. */
async function verify(leaf: string, host: string): Promise<string> {
  const path = join(home.root, 'leaf.pem')
  await writeFile(path, leaf)
  const options = ['verify', '-x509_strict', '-purpose', 'sslserver', '-verify_hostname', host]
  const { stdout, stderr } = await exec('openssl', [...options, '-CAfile', join(home.localCa, 'ca.pem'), path])
  return stdout + stderr
}

describe('the CA of a trial run', () => {
  it('signs for names below the base domain, wildcards too', async () => {
    const parts = await authorityFor().issue(['demo.localhost', '*.demo.localhost'])
    expect(parts.source).toBe('local')
    const leaf = parts.fullchain
    const ca = await readFile(join(home.localCa, 'ca.pem'))
    expect(await verify(leaf, 'demo.localhost')).toContain(': OK')
    expect(await verify(leaf, 'a.demo.localhost')).toContain(': OK')
    expect(await verify(leaf, 'other.localhost')).toMatch(/hostname mismatch/i)
    const certificate = new X509Certificate(leaf)
    expect(certificate.checkPrivateKey(createPrivateKey(parts.privateKey))).toBe(true)
    expect(certificate.checkIssued(new X509Certificate(ca))).toBe(true)
    const days = (certificate.validToDate.getTime() - Date.now()) / 86_400_000
    expect(Math.round(days)).toBe(397)
  })

  it('signs for no other name', async () => {
    const authority = authorityFor()
    expect(['demo.localhost', 'example.org', 'evillocalhost'].filter(authority.signsFor)).toEqual(['demo.localhost'])
    await expect(authority.issue(['demo.localhost', 'evillocalhost'])).rejects.toThrow('not all are below')
  })

  it('is believed for no other name, should its key be stolen', async () => {
    const ca = await ensureCaFiles({ directory: home.localCa, name: 'x', baseDomain: 'localhost', now: new Date() })
    const { fullchain } = await issueLeaf({ ...ca, names: ['www.example.org'], now: new Date() })
    expect(await verify(fullchain, 'www.example.org')).toContain('permitted subtree violation')
  })

  it('is made once; its key is for nobody else to read', async () => {
    const { path } = await authorityFor().ensure()
    const before = await readFile(path)
    await authorityFor().issue(['demo.localhost'])
    expect(await readFile(path)).toEqual(before)
    expect((await stat(join(home.localCa, 'ca.key'))).mode & 0o777).toBe(0o600)
    expect((await stat(path)).mode & 0o777).toBe(0o644)
    expect((await readdir(home.localCa)).toSorted()).toEqual(['ca.key', 'ca.pem'])
  })

  it.each([
    ['another base domain', async () => {}, 'sites.example.org'],
    ['a lost key', () => rm(join(home.localCa, 'ca.key')), 'localhost'],
    ['a damaged certificate', () => writeFile(join(home.localCa, 'ca.pem'), 'x'), 'localhost'],
  ])('is made anew after %s', async (_, damage, baseDomain) => {
    const before = (await authorityFor().ensure()).certificate.serialNumber
    await damage()
    const parts = await authorityFor(baseDomain).issue([`demo.${baseDomain}`])
    expect((await authorityFor(baseDomain).ensure()).certificate.serialNumber).not.toBe(before)
    expect(await verify(parts.fullchain, `demo.${baseDomain}`)).toContain(': OK')
  })
})
