// Standard input of the `hosting` command: untouched until the daemon wants some of it, then as much as it grants. Keys go out raw.
import type { Socket } from 'node:net'
import type { Readable } from 'node:stream'
import { encodeData, encodeMessage } from './frames.ts'

export type TerminalInput = Readable & { readonly isTTY?: boolean; setRawMode?(on: boolean): unknown }

export interface ClientInput {
  /** The daemon takes so many more bytes. */
  grant(bytes: number): void
  /** Puts the terminal back as it was. */
  release(): void
}

export function createClientInput(socket: Socket, stdin: TerminalInput, hasKeys: boolean): ClientInput {
  let credit = 0
  let started = false
  const take = (chunk: Buffer) => {
    credit -= chunk.length
    socket.write(encodeData('stdin', chunk))
    if (credit <= 0) stdin.pause()
  }
  const end = () => void socket.write(encodeMessage('stdinEnd', null))
  const begin = () => {
    started = true
    if (hasKeys) stdin.setRawMode?.(true)
    stdin.on('data', take).once('end', end).once('error', end)
  }
  return {
    grant(bytes) {
      credit += bytes
      if (!started) begin()
      else if (credit > 0) stdin.resume()
    },
    release() {
      if (!started) return
      if (hasKeys) stdin.setRawMode?.(false)
      stdin.off('data', take).pause()
    },
  }
}
