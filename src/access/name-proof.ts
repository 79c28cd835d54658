// Proof that a name is one's own: a TXT record that only whoever runs its DNS can set. Names below the base domain need none.
import { createHash } from 'node:crypto'
import type { Config } from '../config/load.ts'
import { HostingError } from '../errors/hosting-error.ts'
import { type DomainName, hostOf, namesAbove, shownName } from '../names/domain-name.ts'
import { publicSuffixes } from '../names/public-suffix.ts'
import { type Claim, findOwnerAbove } from './claim.ts'
import { createLookups } from './lookups.ts'
import { ownAddresses } from './own-addresses.ts'

/** What is asked of the DNS. A name that is not there, and servers that do not answer, say nothing. */
export interface NameServers {
  addresses(name: string): Promise<string[]>
  texts(name: string): Promise<string[]>
}

const label = '_hosting-challenge'

/** @throws HostingError forbidden, with the record to set */
export async function mustBeProven(claim: Claim, nameServers: NameServers): Promise<void> {
  if (!(await needsProof(claim, nameServers))) return
  const records = recordsFor(claim)
  const answers = await Promise.all(
    records.map(async ({ name, text }) => (await nameServers.texts(name)).includes(text)),
  )
  const record = records.at(-1)
  if (answers.includes(true) || record === undefined) return
  throw new HostingError('forbidden', `Nothing shows yet that ${shownName(claim.name)} is yours`, {
    details: [
      'Set this record in its DNS, which only its owner can, and try again:',
      `  ${record.name}. TXT "${record.text}"`,
    ],
    hint: 'It may be removed afterwards. An admin can add the name without it.',
  })
}

async function needsProof(claim: Claim, nameServers: NameServers): Promise<boolean> {
  const { config, account, name } = claim
  const rule = config['domain-proof']
  if (rule === 'never' || account.role === 'admin' || isBelow(name, config['base-domain'])) return false
  // Whoever has the name above, or its owner's word, has shown enough.
  if ((await findOwnerAbove(claim)) !== undefined) return false
  return rule === 'always' || (await leadsElsewhere(hostOf(name), config, nameServers))
}

function isBelow(name: DomainName, baseDomain: string): boolean {
  return hostOf(name).endsWith(`.${baseDomain}`)
}

/** A record at any name above proves those below it, too. From the name itself up to what was registered. */
function recordsFor({ name, account, config }: Claim): { name: string; text: string }[] {
  const names = [hostOf(name), ...namesAbove(name)].filter((above) => !publicSuffixes().has(above))
  return names.map((above) => ({
    name: `${label}.${above}`,
    // Nobody else can set it, so it needs no secret: it only has to mean this account on this platform, and to tell nothing.
    text: `hosting=${createHash('sha256').update(`${config.home.id} ${account.id} ${above}`).digest('hex').slice(0, 32)}`,
  }))
}

/** In a trial run nothing leads here, and behind a router it is not known what does: then nobody is asked. */
async function leadsElsewhere(name: string, config: Config, nameServers: NameServers): Promise<boolean> {
  const { addresses: own } = ownAddresses(config)
  if (config.standalone || own.length === 0) return false
  const found = await nameServers.addresses(name)
  return found.length > 0 && !found.some((address) => own.includes(address))
}

/** Those of each name's own zone: a cache would remember for an hour that the record was not there. */
export function systemNameServers(config: Config): NameServers {
  const lookups = createLookups({ config })
  return {
    addresses: async (name) => {
      const found = await Promise.all([lookups.addresses(name, 4), lookups.addresses(name, 6)])
      return found.flatMap(({ records }) => records)
    },
    texts: async (name) => (await lookups.texts(name)).flatMap(({ records }) => records),
  }
}
