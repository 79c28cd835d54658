// Has the name of a site typed once more before something of it is removed for good.
import { HostingError } from '../errors/hosting-error.ts'
import { ask } from './ask.ts'
import type { SiteContext } from './command.ts'

interface Confirmation {
  /** By --confirm */
  readonly given: string | undefined
  readonly command: string
  /** Said before the question. */
  readonly warning: string
}

/** @throws HostingError usage where nobody can be asked */
export async function confirmName(context: SiteContext, { given, command, warning }: Confirmation): Promise<boolean> {
  const { site, terminal } = context
  if (given !== undefined) return given.trim() === site.name
  if (terminal === undefined)
    throw new HostingError('usage', `To remove what belongs to ${site.name} for good, its name has to be given`, {
      hint: `${command} ${site.name} --confirm ${site.name}`,
    })
  context.progress(warning)
  return ((await ask(context, 'Type its name to go on: ')) ?? '').trim() === site.name
}
