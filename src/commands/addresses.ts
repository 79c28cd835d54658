// Where Git reaches a site's repository.
import type { Config } from '../config/load.ts'

/** The same for every site of the platform: its name is the path. */
export function repositoryUrl(config: Config, name: string): string {
  const port = config['ssh-port'] === 22 ? '' : `:${config['ssh-port']}`
  return `ssh://git@${config['base-domain']}${port}/${name}`
}
