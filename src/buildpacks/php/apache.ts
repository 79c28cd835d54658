// Renders the Apache configuration of a PHP instance with mod_php. Pure. What a .htaccess may say is all that is loaded here.
import { hiddenAnywhere, hiddenAtRoot } from './hidden-files.ts'
import { parseUserIni, type UserIni } from './user-ini.ts'

export interface ApacheRules {
  /** Such as 8.2. */
  readonly version: string
  /** Document root below the tree, "." for the tree itself (byte string). */
  readonly folder: string
  readonly deny: readonly string[]
  readonly withoutPhp: readonly string[]
  readonly userIni: readonly UserIni[]
}

/** prefork: mod_php is not safe with threads. What only a server's administrator configures is left out. */
const modules = [
  'mpm_prefork',
  ...[
    'authn_core',
    'authn_file',
    'authz_core',
    'authz_host',
    'authz_user',
    'authz_groupfile',
    'auth_basic',
    'auth_digest',
  ],
  ...[
    'access_compat',
    'alias',
    'autoindex',
    'deflate',
    'dir',
    'env',
    'expires',
    'filter',
    'headers',
    'include',
    'mime',
  ],
  ...['negotiation', 'rewrite', 'setenvif', 'speling', 'substitute', 'hosting'],
]

export function renderApache(rules: ApacheRules): string {
  const root = rules.folder === '.' ? '/site/tree' : `/site/tree/${rules.folder}`
  return `${[
    ...modules.map((name) => `LoadModule ${name}_module /usr/lib/apache2/modules/mod_${name}.so`),
    `LoadModule ${phpModule(rules.version)}_module /usr/lib/apache2/modules/libphp.so`,
    ...renderProcess(),
    // What PHP notes counts, too: error_log() says it at this level.
    `LogLevel warn ${phpModule(rules.version)}:notice`,
    ...renderDefaults(),
    `DocumentRoot ${quote(root)}`,
    ...directory('/', ['AllowOverride None', 'Require all granted']),
    ...directory(root, ['AllowOverride All', 'Options FollowSymLinks IncludesNOEXEC', 'Require all granted']),
    ...renderDenials(rules),
    ...rules.withoutPhp.map((path) => `RedirectMatch 403 ${quote(`${inFolder(path)}.*\\.(php[0-9]?|phtml)(/|$)`)}`),
    ...rules.userIni.flatMap((file) => renderUserIni(root, file)),
  ].join('\n')}\n`
}

/** Its name until PHP 8, which <IfModule> of that time asks for. */
function phpModule(version: string): string {
  return version.startsWith('7.') ? 'php7' : 'php'
}

function renderProcess(): string[] {
  return [
    // Relative paths of a .htaccess (AuthUserFile) count from here.
    'ServerRoot /site/tree',
    'ServerName localhost',
    'HostingSocket /run/site/web.sock',
    'PidFile /tmp/apache2.pid',
    'DefaultRuntimeDir /tmp',
    'Mutex pthread',
    'AcceptFilter http none',
    'ErrorLog /proc/self/fd/2',
    // The address is the visitor\u2019s; the platform adds the time.
    'ErrorLogFormat "[%l] [client\\ %a] %M"',
    'ServerTokens Prod',
    'ServerSignature Off',
    'TraceEnable Off',
    'UseCanonicalName Off',
    'Timeout 3600',
    // The edge opens a connection for each request.
    'KeepAlive Off',
    // More processes are started and ended once a second only, whatever is waiting.
    'StartServers 2',
    'MinSpareServers 2',
    'MaxSpareServers 8',
    'ServerLimit ${PHP_CHILDREN}',
    'MaxRequestWorkers ${PHP_CHILDREN}',
    // Those that end are replaced once a second, too: at 1,000 a site was held to 2,000 requests a second.
    'MaxConnectionsPerChild 20000',
    'GracefulShutdownTimeout 3600',
    // What a request may carry, the edge has decided.
    'LimitRequestBody 0',
    'LimitRequestFieldSize 16380',
    'LimitRequestLine 16380',
  ]
}

function renderDefaults(): string[] {
  return [
    'TypesConfig /etc/mime.types',
    'AddType image/avif .avif',
    'AddType text/javascript .mjs',
    'AddType font/woff2 .woff2',
    'AddType text/html .shtml',
    'AddOutputFilter INCLUDES .shtml',
    'AddCharset utf-8 .css .js .mjs .json .svg .txt .xml',
    'DirectoryIndex index.php index.html index.htm index.shtml',
    'FileETag MTime Size',
    ...section('FilesMatch', '\\.(php[3-8]?|phtml)$', ['SetHandler application/x-httpd-php']),
    'php_value session.save_path "${PHP_KEPT}/sessions"',
    'php_admin_value upload_tmp_dir "${PHP_KEPT}/uploads"',
  ]
}

/** Not as <FilesMatch>: there a .htaccess would open it again, and folders have no such section. */
function renderDenials({ folder, deny }: ApacheRules): string[] {
  const hidden = [...hiddenAnywhere, ...(folder === '.' ? hiddenAtRoot : []), ...deny]
  return hidden.map((pattern) => `RedirectMatch 404 ${quote(pattern)}`)
}

function renderUserIni(root: string, { folder, text }: UserIni): string[] {
  const settings = parseUserIni(text).map(({ name, value }) => `php_value ${name} ${quote(value)}`)
  return settings.length === 0 ? [] : directory(folder === '' ? root : `${root}/${folder}`, settings)
}

function directory(path: string, lines: readonly string[]): string[] {
  return section('Directory', path, lines)
}

function section(name: string, argument: string, lines: readonly string[]): string[] {
  return [`<${name} ${quote(argument)}>`, ...lines.map((line) => `  ${line}`), `</${name}>`]
}

function inFolder(folder: string): string {
  return `^/${folder.replace(/[.*+?^${}()|[\]\\]/g, '\\$&').replace(/\/*$/, '')}/`
}

/** Apache takes a backslash away only before a quote or another backslash. */
function quote(text: string): string {
  return `"${text.replace(/\\(?=["\\]|$)|"/g, '\\$&')}"`
}
