// A platform without certificates: names are wanted in vain, and nothing is served by HTTPS.
import { HostingError } from '../errors/hosting-error.ts'
import type { Certificates } from './types.ts'

export const noCertificates: Certificates = {
  want: () => Promise.resolve(),
  forget: () => Promise.resolve(),
  wantOwn: () => Promise.resolve(),
  of: () => Promise.resolve([]),
  find: () => Promise.resolve(undefined),
  renew: () => Promise.reject(none()),
  check: () => Promise.reject(none()),
  install: () => Promise.reject(none()),
  release: () => Promise.reject(none()),
  expiringBefore: () => Promise.resolve([]),
  rollOver: () => Promise.reject(none()),
  start: () => Promise.resolve(),
  stop: () => Promise.resolve(),
}

function none(): HostingError {
  return new HostingError('unavailable', 'This platform has no certificates', {
    hint: 'docs/certificates.md says what its configuration needs.',
  })
}
