// Every code an error of ours may carry: its exit status at a command line, its HTTP status, and the line of documentation for it.
// Exit statuses: 0 ok, 1 internal, 2 usage, 3 not found, 4 not allowed, 5 busy or conflict, 6 build failed, 7 unhealthy.

interface CatalogueEntry {
  readonly exitCode: number
  readonly httpStatus: number
  readonly doc: string
}

function entry(exitCode: number, httpStatus: number, doc: string): CatalogueEntry {
  return { exitCode, httpStatus, doc }
}

export const catalogue = {
  internal: entry(1, 500, 'Something of ours went wrong; the reference id finds it in the log of the daemon.'),
  unavailable: entry(1, 503, 'A part that the platform needs (Docker, nginx) does not answer.'),
  'shutting-down': entry(1, 503, 'The platform is stopping; try again when it is back.'),
  usage: entry(2, 400, 'A command was typed in a way it does not understand.'),
  'invalid-name': entry(2, 400, 'A site, domain, branch or account name breaks the rules for such names.'),
  'invalid-config': entry(2, 400, 'The configuration of the platform has an unknown key or a value out of range.'),
  'invalid-key': entry(2, 400, 'A public key is not one, or is of a kind that is not accepted.'),
  'invalid-certificate': entry(
    2,
    400,
    'A certificate, its chain or its key cannot be served; the message says why and how to mend it.',
  ),
  'not-found': entry(3, 404, 'What was named does not exist, or is not visible to this account.'),
  forbidden: entry(4, 403, 'The account may not do this.'),
  conflict: entry(5, 409, 'What was asked for contradicts what is already there.'),
  busy: entry(5, 409, 'Something else is being done with this site at the moment.'),
  superseded: entry(5, 409, 'A newer push took the place of this one while it waited.'),
  'push-refused': entry(
    5,
    409,
    'The push breaks a rule of the platform: a deleted deployed branch, a stale base, a limit.',
  ),
  'too-large': entry(5, 413, 'A push, a tree or a file is over its limit.'),
  'invalid-tree': entry(6, 422, 'The repository holds something that cannot be published.'),
  'invalid-site-config': entry(
    6,
    422,
    'hosting.toml, app.json, _redirects or _headers has a mistake; the message names file, line and key.',
  ),
  'invalid-dump': entry(
    6,
    422,
    'What was to be restored is no dump that the database accepts; the old data is still there.',
  ),
  'build-failed': entry(6, 422, 'The build command ended with an error, ran out of time or of memory.'),
  'release-failed': entry(6, 422, 'The release command of Procfile ended with an error, ran out of time or of memory.'),
  unhealthy: entry(7, 503, 'The new release did not answer its health check in time.'),
  stopped: entry(7, 503, 'The site was stopped by its owner.'),
} as const satisfies Record<string, CatalogueEntry>

export type ErrorCode = keyof typeof catalogue
