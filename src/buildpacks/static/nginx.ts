// Renders the nginx configuration of one static instance. Pure; it holds nothing of the host, so that it can be proven anywhere.
// Served is what the build published (publish.ts): files no rule touches in edge/, the others in ruled/. Nothing else has a name here,
// so that dotfiles, configuration files and links out of the tree can't be asked for.
import type { HeaderRule } from './headers.ts'
import { contentTypes, renderContentTypeMap, renderHeaders } from './nginx-headers.ts'
import { renderRedirectMaps } from './nginx-redirects.ts'
import { quoteRegex, quoteValue } from './nginx-text.ts'
import { pageStatuses, redirectStatuses, type RedirectRule } from './redirects.ts'

export interface StaticRules {
  readonly redirects: readonly RedirectRule[]
  readonly headers: readonly HeaderRule[]
}

export interface NginxPaths {
  /** The release, as the instance sees it. */
  readonly release: string
  readonly socket: string
  readonly temporary: string
  readonly modules: string
}

export const instancePaths: NginxPaths = {
  release: '/site',
  socket: '/run/site/web.sock',
  temporary: '/tmp',
  modules: '/usr/lib/nginx/modules',
}

/** @param types the content of nginx/mime.types, which the edge includes too: types, charset and gzip_types */
export function renderNginx(rules: StaticRules, types: string, paths: NginxPaths = instancePaths): string {
  const headers = renderHeaders(rules.headers)
  return `${[
    `load_module ${quoteValue(`${paths.modules}/ngx_http_brotli_static_module.so`)};`,
    ...renderProcess(paths),
    'http {',
    ...indent([
      ...renderHttp(paths),
      ...types.trimEnd().split('\n'),
      ...renderPathMaps(),
      ...(rules.redirects.length > 0 ? renderRedirectMaps(rules.redirects) : []),
      ...renderContentTypeMap(rules.headers),
      ...headers.maps,
      'server {',
      ...indent([...renderServer(rules, paths), ...headers.directives, ...renderLocations(rules)]),
      '}',
    ]),
    '}',
  ].join('\n')}\n`
}

function renderProcess({ temporary }: NginxPaths): string[] {
  return [
    'worker_processes 1;',
    'error_log stderr error;',
    `pid ${quoteValue(`${temporary}/nginx.pid`)};`,
    'events { worker_connections 1024; }',
  ]
}

function renderHttp({ temporary }: NginxPaths): string[] {
  const bodies = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi']
  return [
    ...bodies.map((name) => `${name}_temp_path ${quoteValue(`${temporary}/${name}`)};`),
    // The edge writes the access log.
    'access_log off;',
    'server_tokens off;',
    'sendfile on;',
    'tcp_nopush on;',
    'keepalive_timeout 75s;',
    'keepalive_requests 1000000;',
    'absolute_redirect off;',
    // A release never changes under its instance: what was found once, or was not, holds (a fifth of a request's processor time).
    'open_file_cache max=500 inactive=1h;',
    'open_file_cache_valid 24h;',
    'open_file_cache_errors on;',
    'etag on;',
    'gzip_static on;',
    'brotli_static on;',
    'gzip on;',
    'gzip_vary on;',
    'gzip_proxied any;',
    'gzip_http_version 1.0;',
    'gzip_min_length 1000;',
    'gzip_comp_level 5;',
    // Defaults are for a few dozen variables; _headers may bring a thousand.
    'variables_hash_max_size 16384;',
    'map_hash_bucket_size 256;',
    'uninitialized_variable_warn off;',
    // nginx knows no escape for a dollar.
    'geo $dollar { default "$"; }',
  ]
}

/** The names under which a path is looked for: a folder's index.html, or the same name with .html. */
function renderPathMaps(): string[] {
  const slashAtEnd = quoteRegex(`/${end}`)
  const withoutSlash = (name: string) => quoteRegex(`^(?<${name}>[\\s\\S]+)/${end}`)
  return [
    `map $path $file { default $path; ${slashAtEnd} "\${path}index.html"; }`,
    `map $path $file_html { default "$path.html"; ${slashAtEnd} ""; }`,
    `map $path $bare { default ""; ${withoutSlash('path_rest')} $path_rest; }`,
    `map $encoded $encoded_bare { default ""; ${withoutSlash('encoded_rest')} $encoded_rest; }`,
  ]
}

function renderServer({ redirects, headers }: StaticRules, { release, socket }: NginxPaths): string[] {
  const forced = redirects.some(({ force }) => force)
  return [
    `listen ${quoteValue(`unix:${socket}`)};`,
    `root ${quoteValue(release)};`,
    `disable_symlinks on ${quoteValue(`from=${release}`)};`,
    'recursive_error_pages on;',
    'error_page 404 @missing;',
    ...(redirects.length > 0 ? renderSignals() : []),
    'set $path $uri;',
    'set $arguments $args;',
    'set $query $is_args$args;',
    // The only way to have nginx encode a path for a Location: a capture in the arguments of a rewrite. The next line undoes the rewrite.
    'rewrite "^([\\\\s\\\\S]*)" "/?$1?";',
    'set $encoded $args;',
    'rewrite ^ $path?;',
    ...(forced ? [`if ($rule ~ ^!) { return ${signals.rule}; }`] : []),
    ...contentTypes(headers).flatMap((_, index) => [
      `error_page ${signals.firstType + index} = @type${index};`,
      `if ($content_type_number = ${index}) { return ${signals.firstType + index}; }`,
    ]),
  ]
}

/** Statuses that only carry a request from one location to another; nginx takes 300 to 599 (444 and 49x mean something to it). */
const signals = { rule: 418, page: 430, notFoundPage: 434, gonePage: 436, firstType: 560 } as const
const end = '(?![\\s\\S])'
function renderSignals(): string[] {
  return [
    `error_page ${signals.rule} = @rule;`,
    `error_page ${signals.page} = @page;`,
    `error_page ${signals.notFoundPage} =404 @page;`,
    `error_page ${signals.gonePage} =410 @page;`,
  ]
}

const found = 'try_files /edge$file /ruled$file /edge$file_html /ruled$file_html @other;'

function renderLocations({ redirects, headers }: StaticRules): string[] {
  return [
    `location / { ${found} }`,
    ...contentTypes(headers).map(
      (type, index) => `location @type${index} { types { } default_type ${quoteValue(type)}; ${found} }`,
    ),
    // No such file. It may be a folder asked for without its slash, or a page asked for with one; then a rule may know.
    'location @other {',
    ...indent([
      ...['edge', 'ruled'].flatMap((tree) => [
        `if (-f $document_root/${tree}$path/index.html) { return 301 $encoded/$query; }`,
        `if (-f $document_root/${tree}$bare.html) { return 301 $encoded_bare$query; }`,
      ]),
      ...(redirects.length > 0 ? [`if ($rule) { return ${signals.rule}; }`] : []),
      'return 404;',
    ]),
    '}',
    ...(redirects.length > 0 ? renderRuleLocations() : []),
    'location @missing { try_files /edge/404.html /ruled/404.html @plain; }',
    `location @plain { default_type text/html; return 404 ${quoteValue(plainPage)}; }`,
  ]
}

function renderRuleLocations(): string[] {
  const trees = ['$page', '$page.html', '$page/index.html'].flatMap((name) => [`/edge${name}`, `/ruled${name}`])
  const pageSignal = { 200: signals.page, 404: signals.notFoundPage, 410: signals.gonePage }
  return [
    'location @rule {',
    ...indent([
      // A capture at the start of a location must not name another host ("//evil.example").
      'if ($target ~ "^/[/\\\\\\\\]") { return 404; }',
      ...redirectStatuses.map((status) => `if ($rule_status = ${status}) { return ${status} $target; }`),
      ...pageStatuses.map((status) => `if ($rule_status = ${status}) { return ${pageSignal[status]}; }`),
      'return 404;',
    ]),
    '}',
    'location @page {',
    // Captures may bring "..", of a query even at will: nothing outside the two trees may be reached.
    '  if ($page ~ "(?:^|/)\\\\.\\\\.?(?:/|(?![\\\\s\\\\S]))") { return 404; }',
    `  try_files ${trees.join(' ')} =404;`,
    '}',
  ]
}

const plainPage =
  '<!doctype html><html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width">' +
  '<title>404 Not Found</title><style>body{font:16px/1.5 system-ui,sans-serif;margin:15vh auto;max-width:32em;padding:0 1em}</style>' +
  '<h1>Not found</h1><p>There is no such page on this site.</p></html>\n'

function indent(lines: readonly string[]): string[] {
  return lines.map((line) => (line === '' ? line : `  ${line}`))
}
