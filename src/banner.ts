// What whoever started the platform reads last: where it is, and the three lines to paste to push a first site.
import type { Config } from './config/load.ts'
import { siteAddresses } from './deploy/site-address.ts'
import { siteUrl } from './deploy/site-url.ts'

interface Known {
  readonly hasAdmin: boolean
  /** The file with the certificate of the CA of a trial run. */
  readonly caPath?: string | undefined
}

export function renderBanner(config: Config, { hasAdmin, caPath }: Known): string[] {
  const site = `demo.${config['base-domain']}`
  const remote = `ssh://git@${config['base-domain']}:${config['ssh-port']}/demo`
  return [
    '',
    `  Hosting is running. Sites: ${siteUrl(`*.${config['base-domain']}`, config)}   SSH: port ${config['ssh-port']}   Home: ${config.home.root}`,
    `  Commands: ssh -p ${config['ssh-port']} git@${config['base-domain']} help${config.standalone ? '   Ctrl-C stops it, and its sites with it.' : ''}`,
    ...(caPath === undefined
      ? []
      : [`  HTTPS: ${httpsUrl(config)}, by a CA of its own: ${caPath} (docs/https.md says how to trust it)`]),
    '',
    ...(hasAdmin ? firstPush(remote, siteUrl(site, config)) : noAdmin(config)),
    '',
  ]
}

function httpsUrl(config: Config): string {
  return siteAddresses(`*.${config['base-domain']}`, { config, secure: true }).at(-1) ?? ''
}

function firstPush(remote: string, url: string): string[] {
  return [
    '  Push a first site, from a directory with an index.html under Git:',
    '',
    `    git remote add hosting ${remote}`,
    '    git push hosting HEAD:main',
    `    curl ${url}`,
  ]
}

function noAdmin(config: Config): string[] {
  if (!config.standalone && config['admin-keys'] !== '')
    return [
      `  Nobody can log in yet. Put your public SSH key into ${config['admin-keys']}, then: systemctl restart hosting`,
    ]
  return [
    '  You have no SSH key yet, so nobody can log in. Make one, then start the platform again:',
    '',
    '    ssh-keygen -t ed25519',
  ]
}
