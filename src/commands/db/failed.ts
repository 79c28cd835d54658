import { HostingError } from '../../errors/hosting-error.ts'
import type { Site } from '../../store/sites.ts'

/** The client program has said why; the prompt could not be opened, or was left by an error. */
export function failed({ name }: Site): HostingError {
  return new HostingError('unavailable', `The prompt of the database of ${name} ended with an error`, {
    hint: `db ${name} --info   shows how many connections it has open.`,
  })
}
