import { z } from 'zod'
import { authorize } from '../../access/authorize.ts'
import type { Finding } from '../../certs/types.ts'
import { HostingError } from '../../errors/hosting-error.ts'
import { printable } from '../../errors/render.ts'
import { type DomainName, parseDomain, shownName } from '../../names/domain-name.ts'
import { command } from '../command.ts'
import type { View } from '../output/view.ts'
import type { CommandContext } from '../types.ts'

export const certsCheck = command({
  name: 'certs:check',
  group: 'Certificates',
  summary: 'Tell what is in the way of a certificate',
  description:
    'With the record to set. It asks the DNS and fetches a token from this server by the public name. It orders nothing; what it finds mended is tried at once.',
  arguments: [{ name: 'domain', description: 'a name of one of your sites' }],
  examples: ['certs:check www.example.org'],
  permission: 'signed-in',
  input: z.object({ domain: z.string() }),
  run: async (context, input) => {
    const name = parseDomain(input.domain, context.config['base-domain'])
    await mustBeReadable(context, name)
    const before = await context.certificates.find(name)
    const findings = await context.certificates.check(name, context.gone)
    const data = findings.map(({ severity, sentence, record }) => ({ severity, sentence, record: record ?? null }))
    return {
      data,
      text: (view) => [
        `${shownName(name)}: ${verdict(findings, before?.reason !== undefined)}`,
        '',
        ...findings.flatMap((one) => lines(one, view)),
      ],
    }
  },
})

/** The same answer for a name that nobody has and one whose site is hidden. */
async function mustBeReadable({ store, account, certificates }: CommandContext, name: DomainName): Promise<void> {
  const none = new HostingError('not-found', `None of your sites answers to ${shownName(name)}`, {
    hint: `domains:add SITE ${name}`,
  })
  const site = await store.sites.findByDomain(name)
  // Of the platform itself: phpMyAdmin's.
  if (site === undefined && account.role === 'admin' && (await certificates.find(name)) !== undefined) return
  if (site === undefined) throw none
  await authorize(store, account, { action: 'site:read', site }).catch((error: unknown) => {
    throw error instanceof HostingError && error.code === 'not-found' ? none : error
  })
}

function verdict(findings: readonly Finding[], hasFailed: boolean): string {
  const blocking = findings.filter(({ severity }) => severity === 'blocking').length
  if (blocking === 0 && hasFailed)
    return 'nothing is in the way of a certificate on this side, but the last try failed.'
  if (blocking === 0) return 'nothing is in the way of a certificate.'
  return `${blocking === 1 ? 'one thing is' : `${blocking} things are`} in the way of a certificate.`
}

const marks = { ok: '✓', note: '·', blocking: '✗' } as const
const paints = { ok: 'green', note: 'yellow', blocking: 'red' } as const

function lines({ severity, sentence, record }: Finding, { colors }: View): string[] {
  const said = `${colors[paints[severity]](marks[severity])} ${printable(sentence)}`
  return record === undefined ? [said] : [said, `    set:  ${printable(record)}`]
}
