// Cuts off who would fill the daemon's memory: a client that doesn't read its answers, or sends beyond the window it was given
// (RFC 4254, 5.2; ssh2 checks neither). What an honest client can have under way stays well below these bounds.
import type { Socket } from 'node:net'
import type { Readable } from 'node:stream'

/** Output waits at 1 MB (channel-output.ts); the rest is answers to requests. */
const mostUnsentBytes = 8 * 1024 * 1024
/** Twice the window of an ssh2 channel. */
const mostUnreadBytes = 4 * 1024 * 1024

export interface BufferWatch {
  add(channel: Readable): void
}

export function watchBuffers(socket: Socket, excessive: () => void): BufferWatch {
  const channels = new Set<Readable>()
  socket.on('data', () => {
    if (!isTooMuch(socket, channels)) return
    socket.destroy()
    excessive()
  })
  return {
    add(channel) {
      channels.add(channel)
      channel.once('close', () => channels.delete(channel)).once('end', () => channels.delete(channel))
    },
  }
}

function isTooMuch(socket: Socket, channels: Set<Readable>): boolean {
  if (socket.writableLength > mostUnsentBytes) return true
  for (const { readableLength } of channels) if (readableLength > mostUnreadBytes) return true
  return false
}
