import { z } from 'zod'
import type { CertificateStatus } from '../../certs/types.ts'
import { HostingError } from '../../errors/hosting-error.ts'
import { parseDomain, shownName } from '../../names/domain-name.ts'
import { siteCommand } from '../command.ts'
import { done } from '../output/outcome.ts'
import { aboutName } from './certificate-view.ts'
import { settled } from './settled.ts'

export const certsRemove = siteCommand({
  name: 'certs:remove',
  group: 'Certificates',
  summary: 'Give up a certificate that was uploaded',
  description: 'The platform sees to the names from then on. It goes on serving until there is another one.',
  arguments: [{ name: 'domain', description: 'one name only; all of the site if left out', optional: true }],
  examples: ['certs:remove demo', 'certs:remove demo www.example.org'],
  permission: 'site:configure',
  input: z.object({ domain: z.string().optional() }),
  run: async (context, input) => {
    const { certificates, site, config } = context
    const only = input.domain === undefined ? undefined : parseDomain(input.domain, config['base-domain'])
    const uploaded = (await certificates.of(site)).filter(({ certificate }) => certificate?.source === 'uploaded')
    const names = uploaded.map(({ name }) => name).filter((name) => only === undefined || name === only)
    if (names.length === 0)
      throw new HostingError(
        'not-found',
        `${only === undefined ? site.name : shownName(only)} has no uploaded certificate`,
        {
          hint: `certs ${site.name}`,
        },
      )
    await certificates.release(names)
    const statuses = await Promise.all(names.map((name) => settled(name, context, hasNews)))
    return done({ names }, `${names.map(shownName).join(', ')}: the platform sees to the certificate from now on`, [
      ...statuses.flatMap((status) => (status === undefined ? [] : tell(status))),
      `certs ${site.name}   shows how it gets on.`,
    ])
  },
})

function hasNews({ certificate, reason }: CertificateStatus): boolean {
  return certificate?.source !== 'uploaded' || reason !== undefined
}

function tell({ name, certificate, reason }: CertificateStatus): string[] {
  if (certificate?.source !== 'uploaded') return [`${shownName(name)} has one of its own now.`]
  const until = `The uploaded one serves until then, at most until ${certificate.notAfter.toISOString().slice(0, 10)}.`
  return [`${aboutName(name, reason ?? 'The new one is on its way.')} ${until}`]
}
