// What the edge really serves: a TLS handshake with it, as a visitor's browser makes one.
import { connect } from 'node:tls'

export interface TlsDoor {
  readonly host: string
  readonly port: number
}

const timeoutMs = 5000

/** The SHA-256 fingerprint of the certificate that a name is served with; undefined: the handshake was refused. */
export async function servedFingerprint(name: string, { host, port }: TlsDoor): Promise<string | undefined> {
  const servername = name.replace(/^\*\./, 'hosting-check.')
  return await new Promise((resolve) => {
    // It is looked at, not trusted: nothing is said over this connection.
    const socket = connect({ host, port, servername, rejectUnauthorized: false }, () => {
      const { fingerprint256 } = socket.getPeerCertificate()
      socket.destroy()
      resolve(fingerprint256)
    })
    socket.setTimeout(timeoutMs, () => socket.destroy(new Error('no handshake in time')))
    socket.once('error', () => resolve(undefined))
  })
}
