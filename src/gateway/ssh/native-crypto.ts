// Refuses to start without ssh2's compiled ciphers: their absence is silent, and costs three times the processor.
import { createRequire } from 'node:module'
import { z } from 'zod'
import { HostingError } from '../../errors/hosting-error.ts'

/** @throws HostingError unavailable */
export function assertNativeCrypto(): void {
  const load = createRequire(import.meta.url)
  const loaded = z.object({ bindingAvailable: z.boolean() }).safeParse(load('ssh2/lib/protocol/crypto.js'))
  if (loaded.success && loaded.data.bindingAvailable) return
  throw new HostingError('unavailable', 'The native ciphers of the SSH library are not built', {
    hint: 'Install a C++ compiler and make, then: npm rebuild ssh2',
  })
}
