// Renders the nginx configuration of a PHP instance with php-fpm. Pure; it holds nothing of the host, so that it can be proven anywhere.
// The edge has read the request whole, and writes to its own disk what a slow client takes its time for: nothing is buffered here.
import { hiddenAnywhere, hiddenAtRoot } from './hidden-files.ts'

export interface SiteRules {
  /** Document root below the tree, "." for the tree itself (byte string). */
  readonly folder: string
  /** Which requests for nothing that is there go to index.php: all, those for no asset, none. */
  readonly frontController: 'all' | 'pages' | 'none'
  /** Regular expressions on decoded paths. */
  readonly deny: readonly string[]
  /** Folders below the document root (byte strings). */
  readonly denied: readonly string[]
  readonly withoutPhp: readonly string[]
}

/** @param types the content of nginx/mime.types, which the edge includes too */
export function renderPhpNginx(rules: SiteRules, types: string): string {
  return `${[
    'worker_processes 1;',
    'error_log stderr error;',
    'pid /tmp/nginx.pid;',
    'events { worker_connections 1024; }',
    'http {',
    ...indent([
      ...['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map((name) => `${name}_temp_path /tmp/${name};`),
      // The edge writes the access log.
      'access_log off;',
      'server_tokens off;',
      'sendfile on;',
      'tcp_nopush on;',
      'absolute_redirect off;',
      // What a request may carry, the edge has decided.
      'client_max_body_size 0;',
      'fastcgi_request_buffering off;',
      'fastcgi_max_temp_file_size 0;',
      'fastcgi_buffer_size 32k;',
      'fastcgi_buffers 16 16k;',
      // That of a request is PHP's business, and the edge's.
      'fastcgi_read_timeout 1h;',
      ...types.trimEnd().split('\n'),
      'map $http_x_forwarded_proto $https_on { default ""; https on; }',
      'map $http_x_forwarded_proto $scheme_told { default http; https https; }',
      'map $http_x_forwarded_port $port_told { default 80; "~^[0-9]+$" $http_x_forwarded_port; }',
      'map $http_x_real_ip $address_told { default 127.0.0.1; "~^[0-9a-fA-F.:]+$" $http_x_real_ip; }',
      ...upstreams,
      'server {',
      ...indent(renderServer(rules)),
      '}',
    ]),
    '}',
  ].join('\n')}\n`
}

/**
 * A connection that is kept saves a third of what a small request costs here. It holds a process of php-fpm, so few are kept, and only
 * for as long as a next request is likely. A process that ends takes its connection with it: nginx then asks another, which it may do
 * only for what changes nothing.
 */
const upstreams = [
  'upstream php { server unix:/tmp/php-fpm.sock; }',
  'upstream php_kept { server unix:/tmp/php-fpm.sock; keepalive 4; keepalive_timeout 200ms; }',
  'map $request_method $php { default php; GET php_kept; HEAD php_kept; }',
]

function renderServer(rules: SiteRules): string[] {
  const { folder, frontController, withoutPhp } = rules
  return [
    // A link to /run/site: see buildpacks/php/start.
    'listen unix:/tmp/socket/web.sock;',
    `root ${quote(folder === '.' ? '/site/tree' : `/site/tree/${folder}`)};`,
    'index index.php index.html index.htm;',
    'error_page 404 /404.html;',
    'location = /404.html { internal; log_not_found off; }',
    ...renderDenials(rules),
    ...withoutPhp.map((path) => `location ~ ${quote(`${inFolder(path)}.*${script}`)} { return 403; }`),
    ...renderScripts(frontController),
    ...(frontController === 'pages' ? [`location ~* ${quote(assetName)} { log_not_found off; }`] : []),
    `location / { try_files $uri $uri/ ${frontController === 'none' ? '=404' : '/index.php$is_args$args'}; }`,
  ]
}

/** As Apache's SetHandler on a file's name does; a path below a script is its PATH_INFO. */
const script = '\\.(?:php[3-8]?|phtml)(?:/|$)'
const assetName =
  '\\.(?:css|m?js|map|png|jpe?g|gif|webp|avif|svg|ico|woff2?|[ot]tf|eot|mp[34]|webm|og[gv]|pdf|zip|txt|xml)$'

function renderDenials({ folder, deny, denied }: SiteRules): string[] {
  const hidden = [...hiddenAnywhere, ...(folder === '.' ? hiddenAtRoot : []), ...deny]
  return [
    ...hidden.map((pattern) => `location ~ ${quote(pattern)} { return 404; }`),
    ...denied.map((path) => `location ~ ${quote(inFolder(path))} { return 403; }`),
  ]
}

function renderScripts(frontController: SiteRules['frontController']): string[] {
  return [
    `location ~ ${quote(script)} {`,
    ...indent([
      `fastcgi_split_path_info ${quote('^(.+?\\.(?:php[3-8]?|phtml))(/.*|)$')};`,
      // try_files empties $fastcgi_path_info.
      'set $path_info $fastcgi_path_info;',
      `try_files $fastcgi_script_name ${frontController === 'none' ? '=404' : '@front'};`,
      ...fastcgi('$fastcgi_script_name', '$path_info'),
    ]),
    '}',
    ...(frontController === 'none'
      ? []
      : [
          'location @front {',
          ...indent([
            'if (!-f $document_root/index.php) { return 404; }',
            'set $path_info "";',
            ...fastcgi('/index.php', '$path_info'),
          ]),
          '}',
        ]),
  ]
}

function fastcgi(scriptName: string, pathInfo: string): string[] {
  const parameters = {
    QUERY_STRING: '$query_string',
    REQUEST_METHOD: '$request_method',
    CONTENT_TYPE: '$content_type',
    CONTENT_LENGTH: '$content_length',
    SCRIPT_NAME: scriptName,
    SCRIPT_FILENAME: `$document_root${scriptName}`,
    PATH_INFO: pathInfo,
    REQUEST_URI: '$request_uri',
    DOCUMENT_URI: '$document_uri',
    DOCUMENT_ROOT: '$document_root',
    SERVER_PROTOCOL: '$server_protocol',
    REQUEST_SCHEME: '$scheme_told',
    HTTPS: '$https_on if_not_empty',
    GATEWAY_INTERFACE: 'CGI/1.1',
    SERVER_SOFTWARE: 'nginx',
    REMOTE_ADDR: '$address_told',
    SERVER_ADDR: '127.0.0.1',
    SERVER_PORT: '$port_told',
    SERVER_NAME: '$host',
    // php-fpm runs nothing without it (--enable-force-cgi-redirect).
    REDIRECT_STATUS: '200',
    // httpoxy, CVE-2016-5385.
    HTTP_PROXY: '""',
  }
  return [
    ...Object.entries(parameters).map(([name, value]) => `fastcgi_param ${name} ${value};`),
    'fastcgi_keep_conn on;',
    'fastcgi_pass $php;',
  ]
}

/** A regular expression for everything in a folder below the document root. */
function inFolder(folder: string): string {
  return folder === '' ? '^/' : `^/${folder.replace(/[.*+?^${}()|[\]\\]/g, '\\$&').replace(/\/*$/, '')}/`
}

/** One parameter, in which nginx takes away one backslash of two. No text of a site has a variable in it: `root` is checked for that. */
function quote(text: string): string {
  return `"${text.replace(/["\\]/g, '\\$&')}"`
}

function indent(lines: readonly string[]): string[] {
  return lines.map((line) => `  ${line}`)
}
