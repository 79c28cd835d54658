// Where the certificate of a trial run's CA lies. A file of its own: who only wants to know where needs no library that signs.
import { join } from 'node:path'
import type { Home } from '../../config/home.ts'

export function caCertificatePath({ localCa }: Pick<Home, 'localCa'>): string {
  return join(localCa, 'ca.pem')
}
