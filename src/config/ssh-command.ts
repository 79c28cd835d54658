import type { Config } from './load.ts'

/** What stands before a command that is to be pasted into the shell of one's own machine. */
export function sshCommand(config: Pick<Config, 'ssh-port' | 'base-domain'>): string {
  const port = config['ssh-port'] === 22 ? '' : `-p ${config['ssh-port']} `
  return `ssh ${port}git@${config['base-domain']}`
}
