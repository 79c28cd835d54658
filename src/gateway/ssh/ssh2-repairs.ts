// The one place that reaches into ssh2 (the lockfile pins 1.17.0), to mend what it gets wrong. docs/why/010-ssh2.md tells each defect,
// tests/system/ssh-gateway.test.ts shows it.
import { EventEmitter } from 'node:events'
import type { ParsedKey, ServerChannel } from 'ssh2'

/** The least packet that a client may announce. ssh2 cuts output into pieces of that size: pieces of 0 bytes keep it busy for ever. */
const leastPacketSize = 1024

export function acceptsPackets(channel: ServerChannel): boolean {
  return Number(Reflect.get(inside(channel, 'outgoing'), 'packetSize')) >= leastPacketSize
}

/**
 * To be called when a write has been called back. ssh2 keeps the piece that had to wait for the client's window; the next
 * time that the other one of stdout and stderr waits, it would send that piece a second time.
 */
export function forgetSentPiece(channel: ServerChannel): void {
  for (const field of ['_chunk', '_chunkcb', '_chunkErr', '_chunkcbErr']) Reflect.set(channel, field, undefined)
}

/** The connection, while keys are exchanged: ssh2 then queues all output, however much, until that connection emits `rekey`. */
export function findKeyExchange(channel: ServerChannel): EventEmitter | undefined {
  const client = inside(channel, '_client')
  const busy = Reflect.get(inside(client, '_protocol'), '_queue') !== undefined
  return busy && client instanceof EventEmitter ? client : undefined
}

/** ssh2 has no option against offering an RSA host key with SHA-1 too: so it gets the same key under the two names it may be offered by. */
export function withoutSha1(key: ParsedKey): ParsedKey[] {
  if (key.type !== 'ssh-rsa') return [key]
  return ['rsa-sha2-512', 'rsa-sha2-256'].map((type) => Object.create(key, { type: { value: type } }) as ParsedKey)
}

function inside(owner: object, field: string): object {
  const found: unknown = Reflect.get(owner, field)
  if (typeof found === 'function' || (typeof found === 'object' && found !== null)) return found
  throw new Error(`ssh2 has changed: no ${field}`)
}
