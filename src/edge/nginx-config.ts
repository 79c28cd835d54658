// The one configuration of nginx, as a pure function: no site is named in it, so that nothing a site does reloads it.
// It only fits together with the routing tree (routes.ts): every path below holds $site, and rename(2) changes what that means.
import { createHash } from 'node:crypto'
import { accessLogFormat } from './access-log.ts'
import { maxHostNameLength } from '../names/host-name.ts'
import { renderGateMaps } from './nginx-gate.ts'
import { renderLocations } from './nginx-locations.ts'
import { entryTree, hasBrotli, type NginxOptions, quote, type Way } from './nginx-options.ts'
import { renderTlsMaps, renderTlsServer, renderTlsSettings } from './nginx-tls.ts'

/** Host that answers with the version of the configuration in use. RFC 2606: nobody can own a name below `invalid`. */
export const versionHost = 'edge.invalid'

/** A short hash of everything in the configuration: the running nginx tells its own, so that what it uses is known, not assumed. */
export function versionOf(options: NginxOptions): string {
  return createHash('sha256').update(renderWith(options, '')).digest('hex').slice(0, 16)
}

export function renderNginxConfig(options: NginxOptions): string {
  return renderWith(options, versionOf(options))
}

function renderWith(options: NginxOptions, version: string): string {
  return `# Made by the platform (src/edge/nginx-config.ts): changes made here are lost.
${renderMain(options)}
http {
${options.mediaTypes.trim()}
${renderMaps()}
${renderGateMaps()}
${renderTlsMaps(options)}
${renderLimits(options)}
${renderHttp(options)}
${renderTlsSettings(options)}
${renderVersionServer(options, version)}
${renderServer(options, 'plain')}
${renderServer(options, 'secure')}
}
`
}

function renderMain({ workers, paths, modules }: NginxOptions): string {
  return `${modules.map((file) => `load_module ${quote(file)};\n`).join('')}daemon off;
${workers === undefined ? '' : `user ${workers.user} ${workers.group};\n`}pid ${quote(paths.pid)};
error_log ${quote(paths.errorLog)} error;
worker_processes auto;
worker_rlimit_nofile 16384;
# What an old worker still holds after a reload (a WebSocket, a slow download) is cut off then.
worker_shutdown_timeout 10m;
pcre_jit on;
events {
  worker_connections 4096;
}`
}

/**
 * $site: a name that can stand in a path, or "-", for which no route can exist. Routes decide which names are sites: the full
 * grammar (names/host-name.ts) would cost 2 % of a request here.
 * nginx has made $host lower-case and cut off port and trailing dot; an absolute request URI has won over the Host header (RFC 9112, 3.2.2).
 * $port_suffix: the port that the client named in its Host header, unless that header is about another host.
 */
function renderMaps(): string {
  return `map $host $site {
  default "-";
  "~^[a-z0-9][a-z0-9.-]{1,${maxHostNameLength - 2}}[a-z0-9]$" $host;
}
map $site $wildcard {
  default "-";
  "~^[a-z0-9-]+(?<site_parent>\\.[a-z0-9.-]+)$" "*$site_parent";
}
# The name that a request's way is known by: the site's, or the wildcard's that it is below.
map $at $routed {
  default "-";
  "~/(?<routed_name>[^/]+)$" $routed_name;
}
# The second file that an address may mean.
map $uri $other_file {
  default "$uri.html";
  "~/$" "\${uri}index.html";
}
map $uri $acme_token {
  default "-";
  "~^/\\.well-known/acme-challenge/(?<token>[A-Za-z0-9_-]{1,128})$" $token;
}
map "$host $http_host" $port_suffix {
  default "";
  "~*^([^ ]+) \\1\\.?(?<named_port>:[0-9]{1,5})$" $named_port;
}
# Only reading is served from the edge tree: for other methods the tree is one that does not exist.
map $request_method $tree {
  default none;
  GET edge;
  HEAD edge;
}
map $site $logged {
  default 1;
  "-" "";
}
# Nothing but WebSockets: an upgrade to h2c would carry requests past every rule here.
map $http_upgrade $upgrade_header {
  default "";
  "~*^websocket$" websocket;
}
map $upgrade_header $connection_header {
  default upgrade;
  "" close;
}
# Whoever has one IPv6 address has 2^64 of them (RFC 6177): the network counts. Shortened addresses count as they are.
map $remote_addr $client_network {
  default $remote_addr;
  "~^(?<network>(?:[0-9a-f]{1,4}:){4})" $network;
}`
}

function renderLimits({ requestRate, maxConnectionsPerAddress }: NginxOptions): string {
  return [
    requestRate === 0 ? '' : `limit_req_zone $client_network zone=requests:10m rate=${requestRate}r/s;`,
    'limit_req_status 429;\nlimit_req_log_level info;',
    maxConnectionsPerAddress === 0 ? '' : 'limit_conn_zone $client_network zone=connections:10m;',
    'limit_conn_status 429;\nlimit_conn_log_level info;',
  ].join('\n')
}

function renderHttp(options: NginxOptions): string {
  const { link, paths, maxUploadMb } = options
  return `server_tokens off;
absolute_redirect off;
sendfile on;
tcp_nopush on;
keepalive_timeout 65s;
keepalive_requests 10000;
client_header_timeout 15s;
client_body_timeout 60s;
send_timeout 60s;
reset_timedout_connection on;
large_client_header_buffers 4 16k;
client_max_body_size ${maxUploadMb}m;
client_body_buffer_size 16k;
types_hash_max_size 4096;
${['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi']
  .map((kind) => `${kind}_temp_path ${quote(`${paths.state}/${kind}`)};`)
  .join('\n')}
${renderCompression(options)}
log_format site escape=json '${accessLogFormat}';
# One open, not one a request; after a rotation or a switch of sites the old file is written to for 2 s at most.
open_log_file_cache max=1000 inactive=20s valid=2s min_uses=1;
access_log ${quote(`${link}/$at/log/access.log`)} site if=$logged;
# $at: the way to a site, below the home; set by the server, and anew by what stands before a site. Before that it is nothing.
uninitialized_variable_warn off;`
}

/** brotli for the same types as gzip, whose list comes with the media types. */
function renderCompression({ modules, mediaTypes }: NginxOptions): string {
  const types = /^gzip_types\s+([^;]+);/m.exec(mediaTypes)?.[1]
  return `gzip on;
gzip_vary on;
gzip_static on;
gzip_proxied any;
gzip_comp_level 4;
gzip_min_length 1024;
${
  hasBrotli(modules) && types !== undefined
    ? `brotli on;
brotli_static on;
brotli_comp_level 4;
brotli_min_length 1024;
brotli_types ${types};`
    : ''
}`
}

function renderVersionServer({ listen }: NginxOptions, version: string): string {
  return `server {
  ${listen.map((address) => `listen ${address};`).join('\n  ')}
  server_name ${versionHost};
  access_log off;
  allow 127.0.0.1;
  allow ::1;
  allow unix:;
  deny all;
  location / {
    try_files /nothing @version;
  }
  location @version {
    return 200 "${version}";
  }
}`
}

function renderServer(options: NginxOptions, way: Way): string {
  const { maxConnectionsPerAddress } = options
  return `server {
  ${way === 'plain' ? renderPlainServer(options) : renderTlsServer(options)}
  set $at "${entryTree[way]}/$site";
  ${maxConnectionsPerAddress === 0 ? '' : `limit_conn connections ${maxConnectionsPerAddress};`}
${renderLocations(options, way)}
}`
}

/** `root` is the directory of the log: nginx writes no access log when the root of a request is missing. */
function renderPlainServer({ link, listen }: NginxOptions): string {
  return `${listen.map((address) => `listen ${address} default_server;`).join('\n  ')}
  server_name "";
  root ${quote(`${link}/$at/log`)};`
}
