import { X509Certificate } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { caCertificatePath } from '../../certs/local-ca/path.ts'
import { HostingError } from '../../errors/hosting-error.ts'
import { absentAsUndefined } from '../../lib/files.ts'
import { command } from '../command.ts'
import { nothing } from '../inputs.ts'

export const ca = command({
  name: 'ca',
  group: 'General',
  summary: 'Print the certificate of the CA of a trial run',
  description:
    'Give it to a browser or to `curl --cacert`, and https:// works without a warning. It is believed for names below the base domain only.',
  examples: ['ca > ca.pem'],
  permission: 'anybody',
  input: nothing,
  run: async ({ config }) => {
    const path = caCertificatePath(config.home)
    const certificate = await absentAsUndefined(readFile(path, 'utf8'))
    if (certificate === undefined) throw noCa()
    const { fingerprint256, validTo } = new X509Certificate(certificate)
    return {
      data: { path, certificate, fingerprint: fingerprint256, notAfter: new Date(validTo).toISOString() },
      text: () => certificate.trimEnd().split('\n'),
    }
  },
})

function noCa(): HostingError {
  return new HostingError('not-found', 'This platform has no CA of its own', {
    hint: 'Only a trial run without acme-directory has one: docs/https.md',
  })
}
