// Frees the buffers of what a connection has carried while they are young. V8 lets them pile up to a multiple of its young generation: a clone
// of 500 MB grew the process by 60 to 90 MB, and by 20 to 45 MB with a minor collection (a millisecond) every 8 MB.
// The daemon is started with --expose-gc for this. A collector fetched at run time (node:v8 and node:vm) runs in a context of its own,
// where the destructors of ssh2's native ciphers end the process.
import type { Socket } from 'node:net'

const everyBytes = 8 * 1024 * 1024

export function collectAsItFlows(socket: Socket): void {
  let collectedAt = 0
  // Data comes in either direction: what is sent is answered by window adjustments.
  socket.on('data', () => {
    const carried = socket.bytesRead + socket.bytesWritten
    if (carried - collectedAt < everyBytes) return
    collectedAt = carried
    globalThis.gc?.({ type: 'minor' })
  })
}
