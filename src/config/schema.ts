// Every option of the platform, once: type, default and help text. Flags, environment variables, the keys of the
// configuration file and docs/configuration.md are all derived from this table.
import { z } from 'zod'

function whole(min: number, max?: number) {
  const message =
    max === undefined ? `is not a whole number of at least ${min}` : `is not a whole number from ${min} to ${max}`
  const number = z.coerce.number(message).int(message).min(min, message)
  return max === undefined ? number : number.max(max, message)
}

function above0() {
  const message = 'is not a number above 0'
  return z.coerce.number(message).positive(message)
}

const port = whole(0, 65_535)
const count = whole(1)
const seconds = above0()
const text = z.string('is not a string')
const hostNames = text.toLowerCase().regex(/^[a-z0-9. ,-]*$/, 'is not a list of host names')
const logLevels = ['trace', 'debug', 'info', 'warn', 'error', 'silent'] as const
/** Lower-case labels (RFC 1123), one or more: a machine's own name has no dot. */
const domainName = /^(?!.*\.\d+$)[a-z0-9](?:[a-z0-9-]*[a-z0-9])?(?:\.[a-z0-9](?:[a-z0-9-]*[a-z0-9])?)*$/
const baseDomain = text.toLowerCase().regex(domainName, 'is not a domain name')
const hostOrNothing = text.toLowerCase().regex(new RegExp(`^$|${domainName.source}`), 'is not a host name')
const urlOrNothing = text.regex(/^$|^https:\/\/[^\s/]+\/\S*$/, 'is not an https:// address')
const megabytes = whole(1)
const relay = text.regex(
  /^(smtps?:\/\/[a-z0-9.-]+(:\d{1,5})?|)$/i,
  'is not an address such as smtp://mail.example.org:587 or smtps://mail.example.org',
)
/** In an envelope, so without anything that would end it. */
const mailAddress = text.regex(/^([a-z0-9.!#$%&'*+/=?^_`{|}~-]{1,64}@[a-z0-9.-]+|)$/i, 'is not a mail address')
const flag = z.union(
  [z.boolean(), z.enum(['true', 'false']).transform((value) => value === 'true')],
  'is neither true nor false',
)

/** Keys are kebab-case as in the file; `--http-port` and `HOSTING_HTTP_PORT` mean the same. Documented by their description. */
export const configSchema = z
  .strictObject({
    home: text
      .min(1, 'is empty')
      .default('.hosting')
      .describe('Where everything is kept: database, repositories, releases, logs.'),
    'base-domain': baseDomain.default('localhost').describe('Short site names become names below this domain.'),
    'http-port': port.default(8080).describe('Port of the edge for HTTP.'),
    'https-port': port.default(8443).describe('Port of the edge for HTTPS.'),
    'ssh-port': port.default(2222).describe('Port of the SSH gateway. 0 takes any free one.'),
    standalone: flag
      .default(true)
      .describe(
        'Whether the platform brings its own nginx and stops the sites when it stops (a trial run). An installed system says false.',
      ),
    'edge-user': text.default('www-data').describe('User that the workers of nginx run as.'),
    'run-link': text
      .default('')
      .describe('Short path of the home for unix sockets. Empty: made from the path of the home, below /run.'),
    'admin-keys': text.default('').describe('File with public SSH keys of the first admin, read at each start.'),
    'log-level': z

      .enum(logLevels, `is not one of ${logLevels.join(', ')}`)
      .default('info')
      .describe("Least level of the daemon's own log."),

    'reserved-names': hostNames
      .default(
        'git ssh sftp ftp www mail smtp imap pop mx ns ns1 ns2 admin api dashboard autoconfig autodiscover mta-sts wpad isatap',
      )
      .describe(
        'Names that nobody may take, nor names below them, separated by spaces. Short ones mean names below the base domain.',
      ),
    'domain-proof': z
      .enum(['never', 'elsewhere', 'always'], 'is not one of never, elsewhere, always')
      .default('elsewhere')
      .describe(
        'When an account has to show by a TXT record that a domain is its own: if its address records lead to other servers, always, or never. Names below the base domain and admins need not.',
      ),
    'name-grace-days': whole(0)
      .default(7)
      .describe(
        'How long the domains of a destroyed site are kept for its owner, in days. Names below the base domain are free at once.',
      ),

    'default-branch': text.default('main').describe('Branch of a new site that is deployed.'),
    'keep-releases': count.default(5).describe('How many releases of a site are kept to roll back to.'),
    'max-push-mb': megabytes.default(1024).describe('Largest pack that a push may send, in MB.'),
    'max-files': count.default(100_000).describe('Most files that a pushed tree may hold.'),
    'max-release-mb': megabytes.default(4096).describe('Largest size of a checked-out tree, in MB.'),
    'build-timeout': seconds.default(900).describe('Time limit of a build command, in seconds.'),
    'build-memory-mb': megabytes.default(1024).describe('Memory limit of a build, in MB.'),
    'release-timeout': seconds.default(600).describe('Time limit of the `release` command of a Procfile, in seconds.'),
    'health-timeout': seconds
      .default(30)
      .describe('How long a new instance may take until it answers its health check, in seconds.'),
    'drain-timeout': seconds
      .default(60)
      .describe('How long an old instance may take to finish the requests it has, in seconds.'),
    'warm-instances': whole(0)
      .default(8)
      .describe('How many started instances wait for the next push of sites that were pushed lately.'),

    'instance-memory-mb': megabytes.default(256).describe('Memory limit of an instance, in MB.'),
    'instance-cpus': above0().default(1).describe('CPU limit of an instance.'),
    'one-offs-per-site': count
      .default(4)
      .describe(
        'How many programs of `run` and `shell` a site may have at a time, each with the limits of an instance.',
      ),
    'one-offs-per-account': count
      .default(8)
      .describe('How many programs of `run` and `shell` an account may have at a time, on all sites.'),
    'instance-pids': count.default(128).describe('Most processes and threads of an instance.'),

    'max-workers': whole(0).default(4).describe('Most workers (processes of a Procfile beside web) of a site.'),
    'cron-timeout': seconds.default(900).describe('Time limit of a run of a cron entry, in seconds.'),
    'cron-at-once': count.default(8).describe('How many cron entries run at once, of all sites. More wait.'),

    'database-connections': count.default(20).describe('Most connections of a site to its database at a time.'),
    'database-memory-mb': whole(256)
      .default(512)
      .describe('Memory limit of the database server that the platform runs, in MB.'),
    'database-host': text
      .default('')
      .describe('Host of an existing MariaDB or MySQL server to use instead. Empty: the platform runs its own.'),
    'database-port': whole(1, 65_535).default(3306).describe('Port of the existing server.'),
    'database-user': text.default('hosting').describe('Account of the existing server that may create accounts.'),
    'database-password-file': text.default('').describe('File with the password of that account.'),
    'database-tls': flag
      .default(true)
      .describe('Whether the existing server must be reached by TLS and prove who it is.'),
    'database-ca': text
      .default('')
      .describe(
        'File with the certificates that the existing server is known by. Empty: those that the system trusts.',
      ),
    'database-admin-host': hostOrNothing
      .default('db')
      .describe('Host name of phpMyAdmin; a short one means a name below the base domain. Empty: it is not offered.'),

    'storage-mb': whole(16)
      .default(1024)
      .describe('Quota of the storage of a site, in MB. Raised, it is raised for all; lowered, for new sites only.'),
    'privileged-socket': text
      .default('/run/hosting-privileged.sock')
      .describe(
        'Where a platform that is not root asks for what needs root. Without an answer there, quotas are not enforced.',
      ),

    'acme-directory': urlOrNothing
      .default('')
      .describe(
        'Directory of the ACME server that certificates are ordered from (https://…/directory). Empty: none are ordered.',
      ),
    'acme-email': text.default('').describe('Address that the ACME server may write to.'),
    'acme-eab-kid': text.default('').describe('Key id of the external account binding, where the CA wants one.'),
    'acme-eab-hmac-file': text.default('').describe('File with the key of the external account binding, in base64url.'),
    'acme-ca-file': text
      .default('')
      .describe('File with the certificates that the ACME server is known by. Empty: those that the system trusts.'),
    'public-addresses': text
      .default('')
      .describe(
        'Addresses that names of sites have to lead to, separated by commas. Empty: those that this machine has, as far as they are public.',
      ),
    'public-http-port': whole(1, 65_535)
      .default(80)
      .describe('Port at which the world reaches http-port. A public CA knows no other than 80.'),
    'dns-server': text
      .default('')
      .describe(
        'Address of the name server that takes dynamic updates (RFC 2136), with a port where it is not 53. Empty: none.',
      ),
    'dns-zone': hostOrNothing.default('').describe('Zone that is updated there.'),
    'dns-key-file': text.default('').describe('File with the TSIG key of the updates, as tsig-keygen writes it.'),
    'dns-hook': text
      .default('')
      .describe(
        "Program that sets TXT records at a DNS provider, by the convention of lego's exec or acme.sh's dns_* scripts. Empty: none.",
      ),
    'dns-resolvers': text
      .default('')
      .describe('Name servers, separated by commas, that questions start from. Empty: those of this machine.'),
    'mail-relay': relay
      .default('')
      .describe('Server that takes the mail of sites, smtp://HOST:587 or smtps://HOST. Empty: sites cannot send mail.'),
    'mail-user': text.default('').describe('Account at the relay. Empty: the relay knows this machine by its address.'),
    'mail-password-file': text.default('').describe('File with the password of that account.'),
    'mail-tls': flag
      .default(true)
      .describe('Whether the relay must be reached by TLS (for smtp://, STARTTLS) and prove who it is.'),
    'mail-ca': text
      .default('')
      .describe('File with the certificates that the relay is known by. Empty: those that come with Node.js.'),
    'mail-from': mailAddress
      .default('')
      .describe('Envelope sender of all mail, where bounces go. Empty: the name of the site at the base domain.'),
    'mail-per-hour': whole(0)
      .default(200)
      .describe('Recipients that a site may write to in an hour, and at once. 0: sites cannot send mail.'),
    'mail-max-recipients': count.default(50).describe('Most recipients of one mail.'),
    'mail-max-mb': megabytes.default(25).describe('Largest mail, in MB.'),

    'ssh-login-grace': seconds.default(30).describe('Time a client has to log in, in seconds.'),
    'ssh-max-tries': count.default(20).describe('Most keys a client may try on one connection.'),
    'ssh-max-unauthenticated': count.default(64).describe('Most connections that have not logged in yet, in all.'),
    'ssh-max-unauthenticated-per-address': count
      .default(16)
      .describe('Most connections that have not logged in yet, of one address.'),
    'ssh-max-channels': count.default(32).describe('Most open channels on one connection.'),
    'request-rate': whole(0)
      .default(200)
      .describe(
        'Requests a second of one address that reach instances; more wait, then get 429. 0: no limit. Files of the edge tree do not count.',
      ),
    'max-connections-per-address': whole(0).default(256).describe('Open requests of one address. 0: no limit.'),
    'max-upload-mb': megabytes.default(128).describe('Largest request body, in MB.'),
  })
  .readonly()

export type ConfigKey = keyof z.infer<typeof configSchema>
export type RawConfig = z.infer<typeof configSchema>
