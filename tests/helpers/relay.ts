// A mail server of the test's own, as an administrator would name it in mail-relay: with TLS by a certificate of its own, and a password.
import { mkdir, readFile, writeFile } from 'node:fs/promises'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { SMTPServer, type SMTPServerOptions } from 'smtp-server'
import { runOk } from './session.ts'

export interface Received {
  readonly from: string
  readonly to: readonly string[]
  /** Header and body, as they came. */
  readonly text: string
  readonly user: string | undefined
  readonly tls: boolean
}

export interface TestRelay extends AsyncDisposable {
  readonly port: number
  readonly received: Received[]
  /** Flags of a platform that uses it. */
  readonly flags: Readonly<Record<string, string>>
  /** Asked for each recipient; what it returns is the refusal. */
  refuse: (address: string) => { responseCode: number; message: string } | undefined
}

const user = 'platform'
const password = 'a password that no site knows'

export async function startRelay(directory: string): Promise<TestRelay> {
  await mkdir(directory, { recursive: true })
  const [key, cert, passwordFile] = ['relay.key', 'relay.crt', 'relay.password'].map((name) => join(directory, name))
  if (key === undefined || cert === undefined || passwordFile === undefined) throw new Error('three names, three paths')
  const subject = ['-subj', '/CN=localhost', '-addext', 'subjectAltName=DNS:localhost']
  const curve = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-days', '2']
  await runOk('openssl', ['req', '-x509', ...curve, ...subject, '-keyout', key, '-out', cert])
  await writeFile(passwordFile, `${password}\n`, { mode: 0o600 })
  const relay: Pick<TestRelay, 'received' | 'refuse'> = { received: [], refuse: () => undefined }
  const options: SMTPServerOptions = {
    ...{ key: await readFile(key), cert: await readFile(cert), logger: false, disableReverseLookup: true },
    onAuth: (auth, _session, callback) => {
      const known = auth.username === user && auth.password === password
      callback(known ? null : new Error('wrong password'), known ? { user } : undefined)
    },
    onRcptTo: ({ address }, _session, callback) => {
      const refusal = relay.refuse(address)
      callback(refusal === undefined ? null : Object.assign(new Error(refusal.message), refusal))
    },
    onData: (stream, { envelope, secure, user: who }, callback) => {
      const { mailFrom, rcptTo } = envelope
      const from = mailFrom === false ? '' : mailFrom.address
      text(stream).then((whole) => {
        relay.received.push({
          from,
          to: rcptTo.map(({ address }) => address),
          text: whole,
          user: String(who),
          tls: secure,
        })
        callback()
      }, callback)
    },
  }
  const server = new SMTPServer(options)
  server.on('error', () => undefined)
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.server.address() as AddressInfo
  return Object.assign(relay, {
    port,
    flags: {
      'mail-relay': `smtp://localhost:${port}`,
      'mail-user': user,
      'mail-password-file': passwordFile,
      'mail-ca': cert,
    },
    [Symbol.asyncDispose]: () => new Promise<void>((resolve) => server.close(() => resolve())),
  })
}
