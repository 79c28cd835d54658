// What the configuration says about certificates and names, looked at when the platform starts: a mistake is told then, and not by the
// first order that fails.
import { accessSync, constants } from 'node:fs'
import { isIP } from 'node:net'
import { configuredAddresses } from '../access/own-addresses.ts'
import type { Config } from '../config/load.ts'
import { HostingError } from '../errors/hosting-error.ts'

const files = ['acme-ca-file', 'acme-eab-hmac-file', 'dns-key-file', 'dns-hook'] as const

/** @throws HostingError invalid-config */
export function checkCertificateSettings(config: Config): void {
  for (const key of files) mustBeThere(key, config[key])
  if ((config['acme-eab-kid'] === '') !== (config['acme-eab-hmac-file'] === ''))
    throw mistake(
      'acme-eab-kid and acme-eab-hmac-file belong together, and one of them is missing',
      'The CA gives both: the id of the key, and the key.',
    )
  for (const address of configuredAddresses(config))
    if (isIP(address) === 0)
      throw mistake(`public-addresses has "${address}", which is no IP address`, 'Write 203.0.113.5, 2001:db8::5.')
}

function mustBeThere(key: string, path: string): void {
  if (path === '') return
  try {
    accessSync(path, constants.R_OK)
  } catch (cause) {
    throw mistake(`${key} names ${path}, which can't be read`, 'Correct the path, or who may read the file.', cause)
  }
}

function mistake(message: string, hint: string, cause?: unknown): HostingError {
  return new HostingError('invalid-config', message, { hint, cause })
}
