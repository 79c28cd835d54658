import { shownName } from '../../names/domain-name.ts'
import { siteCommand } from '../command.ts'
import { nothing } from '../inputs.ts'
import { troubledListing } from '../output/outcome.ts'
import { renderNextTime } from '../output/view.ts'
import { certificateData, certificateTrouble, renderCertificate } from './certificate-view.ts'

export const certs = siteCommand({
  name: 'certs',
  group: 'Certificates',
  summary: 'List the certificates of a site, a line a name',
  description: 'Below the table stands what is wrong with one, and what to do about it.',
  examples: ['certs demo', 'certs demo --json'],
  permission: 'site:read',
  input: nothing,
  run: async ({ certificates, site, clock }) => {
    const rows = (await certificates.of(site)).map((status) => ({
      name: status.name,
      ...certificateData(status),
      trouble: certificateTrouble(status, clock.now()),
    }))
    return troubledListing({
      rows,
      columns: [
        { head: 'DOMAIN', cell: (row) => shownName(row.name) },
        {
          head: 'STATE',
          cell: (row) => row.state,
          paint: ({ trouble }, { colors }) => (trouble === null ? colors.green : colors.yellow),
        },
        { head: 'CERTIFICATE', cell: (row) => renderCertificate(row) },
        { head: 'ISSUER', cell: (row) => row.issuer ?? '-' },
        { head: 'NEXT', cell: (row, view) => renderNextTime(row.nextTryAt, view) },
      ],
      empty: ['None yet: they come by themselves with the names of the site.', `domains ${site.name}   lists those.`],
    })
  },
})
