// Where storage lies and how much of it there is, out of the platform's configuration.
import type { Config } from '../../config/load.ts'
import type { Rights, StorageContext } from './ensure.ts'

const bytesPerMb = 1024 * 1024

export function storageContext(config: Config, rights: Rights): StorageContext {
  const { storage, releases } = config.home
  return { storage, releases, quotaBytes: config['storage-mb'] * bytesPerMb, rights }
}
