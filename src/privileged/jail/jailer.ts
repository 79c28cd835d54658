// Starts jails: by this process where it is root, by the process that has root's rights where that answers, and else without those: then
// users can't be mapped.
import type { Config } from '../../config/load.ts'
import { answers } from '../call.ts'
import { askForJail } from './ask.ts'
import { type Jailed, startJailed } from './jailed.ts'
import { type JailOrder, orderSchema } from './order.ts'
import { ownSetting } from './setting.ts'

export interface Jailer {
  /** @throws what a bad order is refused for, and HostingError unavailable */
  start(order: JailOrder): Promise<Jailed>
  /** Whether this process itself may read what sites have written. */
  readonly readsStorage: boolean
}

export async function createJailer(config: Config): Promise<Jailer> {
  const socket = config['privileged-socket']
  if (process.geteuid?.() !== 0 && (await answers(socket)))
    return { readsStorage: false, start: (order) => askForJail(socket, orderSchema.parse(order)) }
  const setting = ownSetting(config)
  return { readsStorage: true, start: (order) => Promise.resolve(startJailed(orderSchema.parse(order), setting)) }
}
