// Certificates made elsewhere, as their owners bring them: served by the real edge, refused with what to do instead, replaced, given up.
import { mkdir, readdir, readlink, rm, stat, writeFile } from 'node:fs/promises'
import { basename, join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { execOk } from '../../src/lib/exec.ts'
import { ForeignCa, type Leaf } from '../helpers/certificates.ts'
import { edgeProcesses } from '../helpers/edge-processes.ts'
import { scratchDirectory } from '../helpers/paths.ts'
import type { Person } from '../helpers/person.ts'
import { Platform } from '../helpers/platform.ts'
import { startRelay, type TestRelay } from '../helpers/relay.ts'
import { curl, sClient } from '../helpers/tls.ts'
import { until } from '../helpers/until.ts'
import { WorkingCopy } from '../helpers/working-copy.ts'

let scratch: string
let relay: TestRelay
let platform: Platform
let ann: Person
let ca: ForeignCa
let leaf: Leaf
let edge: readonly number[]

const names = ['example.net', '*.example.net', 'demo.localhost']

beforeAll(async () => {
  scratch = await scratchDirectory('own-certificates')
  ;[relay, ca] = await Promise.all([startRelay(join(scratch, 'relay')), ForeignCa.create()])
  platform = await Platform.prepare({ flags: relay.flags })
  // A disk that can be filled.
  await mkdir(platform.home.certificates, { recursive: true })
  await execOk('mount', ['-t', 'tmpfs', '-o', 'size=128k,mode=0711', 'hosting-test', platform.home.certificates])
  await platform.start()
  ann = await platform.addPerson('ann')
  await (await WorkingCopy.create(ann, 'demo', { 'index.html': 'hello' })).pushOk()
  for (const words of ['domains:add demo example.net', 'contact ann@example.org'])
    expect((await ann.ssh(words)).exitCode, words).toBe(0)
  await writeFile(path('root.pem'), ca.root)
  await writeFile(path('trial.pem'), (await ann.ssh('ca')).stdout)
  leaf = await ca.leaf({ names })
  edge = await edgeProcesses(platform.home)
})
afterAll(async () => {
  await platform.stop().catch(() => undefined)
  await execOk('umount', ['-l', platform.home.certificates])
  await platform[Symbol.asyncDispose]()
  await relay[Symbol.asyncDispose]()
  await ca[Symbol.asyncDispose]()
})

const path = (name: string) => join(scratch, name)
const visit = (name: string, authority = 'root.pem') => curl(`https://${name}:${platform.httpsPort}/`, path(authority))
const upload = (input: string | Uint8Array, options = '--private-ca') =>
  ann.ssh(`certs:upload demo ${options}`, { input })
const said = (exitCode: number, text: string) => ({ exitCode, output: expect.stringContaining(text) as string })
/** The id of the certificate. */
const served = async () => basename(await readlink(join(platform.home.tls, 'example.net')))
/** As an owner would paste it. */
const command = () => `ssh -p ${platform.sshPort} git@localhost certs:upload demo.localhost`

describe('a certificate that was made elsewhere', () => {
  it('is served from the next handshake on, its chain in order, without a reload', async () => {
    const sent = await upload(leaf.key + ca.root + ca.intermediate + leaf.certificate)
    expect(sent).toMatchObject(said(0, 'served with the certificate of Foreign Intermediate, until '))
    for (const name of ['example.net', 'demo.localhost']) expect((await visit(name)).body, name).toBe('hello')
    const shown = await sClient(platform.httpsPort, ['-servername', 'example.net', '-showcerts'])
    expect(shown.match(/ s:CN = .*/g)).toEqual([' s:CN = example.net', ' s:CN = Foreign Intermediate'])
    expect(await edgeProcesses(platform.home)).toEqual(edge)
    expect(await ann.json('certs demo')).toContainEqual(
      expect.objectContaining({ name: 'example.net', state: 'serving', source: 'uploaded', trouble: null }),
    )
  })

  it('has a key that others on the machine, and logs, do not see', async () => {
    const id = await served()
    expect((await stat(join(platform.home.certificates, id, 'privkey.pem'))).mode & 0o777).toBe(0o640)
    expect((await stat(join(platform.home.certificates, id))).mode & 0o777).toBe(0o750)
    expect(await platform.daemon.log()).not.toContain(leaf.key.split('\n')[1])
  })

  it('serves the names that the site gets later, too', async () => {
    expect(await ann.ssh('domains:add demo www.example.net')).toMatchObject(
      said(0, `https://www.example.net:${platform.httpsPort}`),
    )
    expect((await visit('www.example.net')).body).toBe('hello')
    expect(await ann.ssh("domains:add demo '*.example.net'")).toMatchObject(said(0, 'https://*.example.net'))
    expect((await visit('any.example.net')).body).toBe('hello')
    expect((await visit('not.any.example.net')).error).toContain('alert')
    expect(await edgeProcesses(platform.home)).toEqual(edge)
  })

  it('is refused where visitors could not use it, with what to do; the one before serves on', async () => {
    const other = await ca.leaf({ names })
    const expired = await ca.leaf({ names, days: 0 })
    const foreign = await ca.leaf({ names: ['example.com'] })
    const whole = leaf.certificate + ca.intermediate + leaf.key
    const files = { c: leaf.certificate, k: leaf.key }
    const pkcs12 = ['pkcs12', '-export', '-in', 'c', '-inkey', 'k', '-passout', 'pass:x', '-out', 'o']
    const locked = ['pkey', '-in', 'k', '-aes256', '-passout', 'pass:secret', '-out', 'o']
    const refused: [sent: string | Uint8Array, why: string, instead: string][] = [
      [
        leaf.certificate + ca.intermediate + other.key,
        'does not belong to any of the certificates',
        'Send the key that',
      ],
      [expired.certificate + ca.intermediate + expired.key, 'has expired on', 'Ask the CA for a new one'],
      [
        foreign.certificate + ca.intermediate + foreign.key,
        'is for example.com',
        'domains:add demo.localhost example.com',
      ],
      [await ca.convert(files, pkcs12, 'o'), 'PKCS#12', 'openssl pkcs12 -in site.p12 -nodes -out site.pem'],
      [
        leaf.certificate + (await ca.convert(files, locked, 'o')).toString(),
        'with a password',
        'openssl pkey -in site.key -out open.key',
      ],
      [
        await ca.convert(files, ['x509', '-in', 'c', '-outform', 'DER', '-out', 'o'], 'o'),
        '(DER)',
        'openssl x509 -inform DER',
      ],
      [Buffer.from(`\ufeff${whole}`, 'utf16le'), 'UTF-16', 'iconv -f UTF-16'],
      [leaf.certificate, 'There is no private key', `cat site.crt chain.crt site.key | ${command()}`],
      ['', 'Nothing was sent', command()],
    ]
    for (const [sent, why, instead] of refused) {
      const answer = await upload(sent)
      expect(answer, why).toMatchObject(said(2, why))
      expect(answer.output, why).toContain(instead)
    }
    expect(await upload(leaf.certificate + leaf.key, '')).toMatchObject(
      said(2, 'The certificate of Foreign Intermediate, which issued that of example.net, is missing'),
    )
    expect(await upload(whole, '')).toMatchObject(said(2, '--private-ca'))
    expect((await visit('example.net')).body).toBe('hello')
  })

  it('is not replaced while the disk is full, which is said', async () => {
    const filler = join(platform.home.certificates, 'filler')
    await expect(writeFile(filler, Buffer.alloc(1 << 20))).rejects.toMatchObject({ code: 'ENOSPC' })
    const before = await served()
    expect(await upload(leaf.certificate + ca.intermediate + leaf.key)).toMatchObject(
      said(1, 'The disk of the server is full: the certificate could not be stored'),
    )
    await rm(filler)
    expect(await served()).toBe(before)
    expect((await visit('example.net')).body).toBe('hello')
    expect((await readdir(platform.home.certificates)).filter((name) => name.endsWith('.new'))).toEqual([])
  })

  it('is replaced by hand; one that ends soon is in all listings, and its owner gets a mail', async () => {
    const before = await served()
    const short = await ca.leaf({ names, days: 12 })
    expect(await upload(short.certificate + ca.intermediate + short.key)).toMatchObject(
      said(0, 'It expires in 11 days already'),
    )
    expect((await visit('example.net')).body).toBe('hello')
    expect(await readdir(platform.home.certificates)).not.toContain(before)
    for (const words of ['certs demo', 'domains demo', 'info demo', 'sites'])
      expect((await ann.ssh(words)).stdout, words).toContain(
        'example.net: its certificate expires in 11 days, and nobody',
      )
    await platform.stop()
    await platform.start()
    const mail = await until('the mail', () => relay.received[0])
    expect(mail).toMatchObject({ from: 'hosting@localhost', to: ['ann@example.org'], tls: true })
    const text = mail.text.replaceAll('=\r\n', '')
    expect(text).toContain('Subject: demo.localhost: its certificate expires in 11 days')
    expect(text).toContain(`cat site.crt chain.crt site.key | ${command()}`)
    expect(text).toContain(`ssh -p ${platform.sshPort} git@localhost certs:remove demo.localhost`)
    expect((await visit('example.net')).body).toBe('hello')
  })

  it('is given up: the platform serves its own where it can, and says where it cannot', async () => {
    const removed = await ann.ssh('certs:remove demo')
    expect(removed).toMatchObject(said(0, 'demo.localhost has one of its own now'))
    expect(removed.output).toMatch(
      /example\.net: No certificate authority is configured.* The uploaded one serves until then/,
    )
    await until('the CA of the trial run', async () => (await visit('demo.localhost', 'trial.pem')).body === 'hello')
    expect((await visit('example.net')).body).toBe('hello')
    expect((await ann.ssh('certs demo')).stdout).toMatch(
      /example\.net: No certificate.*The one that serves expires in 11 days/,
    )
    expect((await ann.ssh('certs:remove demo demo')).exitCode).toBe(3)
  })
})
