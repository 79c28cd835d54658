// The descriptor below a socket of Node.js, to be given to a child as it is.
import type { Socket } from 'node:net'
import { z } from 'zod'
import { clearNonBlocking } from './libc.ts'

const withHandle = z.object({ _handle: z.object({ fd: z.int().min(0) }) })

/** As long as the socket is open. */
export function descriptorOf(socket: Socket): number {
  return withHandle.parse(socket)._handle.fd
}

/** For all who share what is open there: this process itself must be done with it. */
export function makeBlocking(descriptor: number): void {
  if (clearNonBlocking(descriptor) !== 0) throw new Error('fcntl: a descriptor stays as it is')
}
