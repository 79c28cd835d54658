import { z } from 'zod'
import { readUpload } from '../../certs/upload/upload.ts'
import { sshCommand } from '../../config/ssh-command.ts'
import { HostingError } from '../../errors/hosting-error.ts'
import { readDomain, shownName } from '../../names/domain-name.ts'
import { readBytes } from '../ask.ts'
import { siteCommand } from '../command.ts'
import { flag } from '../inputs.ts'
import { done } from '../output/outcome.ts'

export const certsUpload = siteCommand({
  name: 'certs:upload',
  group: 'Certificates',
  summary: 'Serve a certificate that was made elsewhere',
  description: `Certificate, chain and private key are piped in, in PEM, in any order. It is served for those names of the site that it covers, until it is
replaced by another upload or given up (certs:remove). Nobody renews it: its owner is warned 30, 14 and 3 days before it ends.`,
  options: [{ flags: '--private-ca', description: 'serve it though browsers do not know the CA that issued it' }],
  examples: ['certs:upload demo < site.pem', 'certs:upload demo --private-ca < site.pem'],
  permission: 'site:configure',
  input: z.object({ privateCa: flag }),
  run: async (context, { privateCa }) => {
    const { site, store, certificates, clock, config, terminal } = context
    const command = `${sshCommand(config)} certs:upload ${site.name}`
    if (terminal !== undefined)
      throw new HostingError('usage', 'A certificate is piped in, not typed', {
        hint: `cat site.crt chain.crt site.key | ${command}   (without -t)`,
      })
    const bytes = await readBytes(context, 'certificate, chain and key')
    const domains = (await store.domains.listOf(site.id)).map(({ name }) => readDomain(name))
    const upload = readUpload({ bytes, command, site: site.name, domains, now: clock.now(), privateCa })
    const names = await certificates.install(site, upload.parts)
    const notAfter = upload.notAfter.toISOString()
    const owner = await store.accounts.get(site.owner_id)
    const notes = [
      ...upload.notes,
      ...(owner.mail === null ? [`contact ADDRESS   has ${owner.name} warned by mail before it ends.`] : []),
    ]
    return done(
      { names, issuer: upload.issuer, notAfter, notes },
      `${names.map(shownName).join(', ')}: served with the certificate of ${upload.issuer}, until ${notAfter.slice(0, 10)}`,
      notes,
    )
  },
})
