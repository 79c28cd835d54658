// The paths below the home, in one place. Nothing else joins them from strings.
import { createHash } from 'node:crypto'
import { join } from 'node:path'

export interface Home {
  readonly root: string
  /** Tells this home from others on the machine; [a-z0-9]. */
  readonly id: string
  /** Short alias of `root` that nginx uses: a unix socket's path ends at 107 bytes (unix(7)). */
  readonly link: string
  readonly database: string
  readonly repositories: string
  readonly releases: string
  /** <site>/<first two>/<oid>: large files of repositories (Git LFS); <site>/incoming/ */
  readonly lfs: string
  /** <site>/, mounted at /storage in the site's instances, and images of their file systems */
  readonly storage: string
  readonly instances: string
  /** <domain> → where its requests come in: an instance, or its gate. For plain HTTP, and for HTTPS. */
  readonly routes: string
  readonly secure: string
  /** <domain>/: what stands before a site (a redirect, a password …), a file each */
  readonly gates: string
  /** <domain> → the instance, whatever stands before it */
  readonly gated: string
  readonly logs: string
  readonly keys: string
  /** databases/mariadb/{data,run,init.sql}, databases/restores/ */
  readonly databases: string
  /** <certificate id>/{fullchain.pem,privkey.pem} */
  readonly certificates: string
  /** <name> → ../certs/<certificate id>: what nginx reads for a name */
  readonly tls: string
  /** Tokens of HTTP-01 (RFC 8555, 8.3), a file each, which the edge serves to anybody */
  readonly challenges: string
  /** The CA of a trial run: ca.pem, ca.key, leaf.key */
  readonly localCa: string
  /** <id of a site>-<id of an account>/: what that account uploads by SFTP */
  readonly uploads: string
  /** <id of a site>/mail.sock */
  readonly mail: string
  readonly run: string
  readonly controlSocket: string
  readonly wakeSocket: string
}

export function homeAt(root: string, link?: string): Home {
  const id = createHash('sha256').update(root).digest('hex').slice(0, 8)
  const alias = link || `/run/hosting-${id}`
  const run = join(root, 'run')
  return {
    root,
    id,
    link: alias,
    database: join(root, 'hosting.db'),
    repositories: join(root, 'repos'),
    releases: join(root, 'releases'),
    lfs: join(root, 'lfs'),
    storage: join(root, 'storage'),
    instances: join(root, 'instances'),
    routes: join(root, 'routes'),
    secure: join(root, 'secure'),
    gates: join(root, 'gates'),
    gated: join(root, 'gated'),
    logs: join(root, 'logs'),
    keys: join(root, 'keys'),
    databases: join(root, 'databases'),
    certificates: join(root, 'certs'),
    tls: join(root, 'tls'),
    challenges: join(root, 'challenges'),
    localCa: join(root, 'ca'),
    uploads: join(root, 'uploads'),
    mail: join(root, 'mail'),
    run,
    controlSocket: join(run, 'control.sock'),
    // By way of the short link, as nginx has it: the home may lie too deep for a socket's path.
    wakeSocket: join(alias, 'run', 'wake.sock'),
  }
}

export function repositoryPath(home: Home, site: string): string {
  return join(home.repositories, `${site}.git`)
}

export function lfsPath(home: Home, site: string): string {
  return join(home.lfs, site)
}

/** releases/<site>/<id>/{tree,edge,complete} */
export function releasePath(home: Home, site: string, releaseId: string): string {
  return join(home.releases, site, releaseId)
}

/** uploads/<id of the site>-<id of the account>/{tree,view.json,watch.json} */
export function viewPath(home: Home, siteId: number, accountId: number): string {
  return join(home.uploads, `${siteId}-${accountId}`)
}

/**
 * instances/<id>/{run/{web.sock,go},edge,log}. Only run/ is mounted into the instance: edge and log are links that nginx
 * follows, so a tenant must not be able to write beside them.
 */
export function instancePath(home: Home, instanceId: string): string {
  return join(home.instances, instanceId)
}

/** logs/<site>/{access.log,app.log,build/} */
export function siteLogPath(home: Home, site: string): string {
  return join(home.logs, site)
}
