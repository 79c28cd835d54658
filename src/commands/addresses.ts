// Where Git reaches a site's repository, and ssh the commands.
import type { Config } from '../config/load.ts'

/** The same for every site of the platform: its name is the path. */
export function repositoryUrl(config: Config, name: string): string {
  const port = config['ssh-port'] === 22 ? '' : `:${config['ssh-port']}`
  return `ssh://git@${config['base-domain']}${port}/${name}`
}

/** What stands before a command that is to be pasted into the shell of one's own machine. */
export function sshCommand(config: Config): string {
  const port = config['ssh-port'] === 22 ? '' : `-p ${config['ssh-port']} `
  return `ssh ${port}git@${config['base-domain']}`
}
