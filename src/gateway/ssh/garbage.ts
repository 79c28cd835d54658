// Frees the buffers of what a connection has carried while they are young. V8 counts them as part of the heap that it watches, so that every
// 10 MB or so a full collection would run (50 ms of processor time; a third of a transfer's), and lets them pile up meanwhile.
// The daemon is started with --expose-gc for this. A collector fetched at run time (node:v8 and node:vm) runs in a context of its own,
// where the destructors of ssh2's native ciphers end the process.
import type { Socket } from 'node:net'

/** More often finds the same buffers in use twice, and what V8 finds twice it keeps until it collects everything (docs/why/190). */
const everyBytes = 6 * 1024 * 1024

export function collectAsItFlows(socket: Socket): void {
  const collect = collector()
  // Data comes in either direction: what is sent is answered by window adjustments.
  socket.on('data', () => collect(socket.bytesRead + socket.bytesWritten))
}

/** To be told how many bytes have been carried so far. */
export function collector(): (carried: number) => void {
  let collectedAt = 0
  return (carried) => {
    if (carried - collectedAt < everyBytes) return
    collectedAt = carried
    globalThis.gc?.({ type: 'minor' })
  }
}
