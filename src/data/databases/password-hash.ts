// What a server keeps of a password (mysql_native_password): `*` and SHA1(SHA1(password)). Sent instead of the password, so that this
// stands in no statement, log or file of the server.
import { createHash } from 'node:crypto'

export function passwordHash(password: string): string {
  return `*${sha1(sha1(Buffer.from(password)))
    .toString('hex')
    .toUpperCase()}`
}

function sha1(bytes: Uint8Array): Buffer {
  return createHash('sha1').update(bytes).digest()
}
