// What is left to do after a name was added: where its DNS has to lead, and what its certificate waits for.
import type { SiteContext } from '../command.ts'

type Context = Pick<SiteContext, 'certificates' | 'config'>

export async function nextSteps({ certificates, config }: Context, names: readonly string[]): Promise<string[]> {
  const own = names.filter((name) => !name.endsWith(`.${config['base-domain']}`))
  const statuses = await Promise.all(own.map((name) => certificates.find(name)))
  return own.flatMap((name, index) => {
    const status = statuses[index]
    if (status?.certificate !== undefined) return []
    const record = status?.record === undefined ? [] : [`  ${status.record}`]
    if (status?.reason !== undefined) return [`${name}: ${status.reason}`, ...record]
    return [`Point ${name} at this server in the DNS, if it does not yet. certs:check ${name} tells what it says.`]
  })
}
