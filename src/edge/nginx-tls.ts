// TLS as Mozilla's guideline "intermediate" has it (version 5.7), certificates by the name that a client asks for, HTTP/2 and HTTP/3.
import { maxHostNameLength } from '../names/host-name.ts'
import { type NginxOptions, portSuffix, quote } from './nginx-options.ts'

/** Of the guideline's list all but DHE: they need a group of our own, and no client that is still around needs them. */
const ciphers = [
  'ECDHE-ECDSA-AES128-GCM-SHA256',
  'ECDHE-RSA-AES128-GCM-SHA256',
  'ECDHE-ECDSA-AES256-GCM-SHA384',
  'ECDHE-RSA-AES256-GCM-SHA384',
  'ECDHE-ECDSA-CHACHA20-POLY1305',
  'ECDHE-RSA-CHACHA20-POLY1305',
]

/**
 * For all servers: OpenSSL decides about versions and tickets before it knows the name. The first ticket key seals, all of them open.
 * A session outlives its connection by a day; with three keys of a day each there is always one that opens its ticket.
 */
export function renderTlsSettings({ tickets, nginx }: NginxOptions): string {
  return `ssl_protocols TLSv1.2 TLSv1.3;
ssl_ciphers ${ciphers.join(':')};
ssl_prefer_server_ciphers off;
ssl_ecdh_curve ${nginx.postQuantum ? 'X25519MLKEM768:' : ''}X25519:prime256v1:secp384r1;
ssl_session_timeout 1d;
ssl_session_cache shared:tls:20m;
ssl_session_tickets on;
${tickets.map((path) => `ssl_session_ticket_key ${quote(path)};`).join('\n')}`
}

/**
 * The directory of a name's certificate. nginx can test for no file in a handshake, but it can ask where a path leads: nowhere means that
 * the name has no certificate of its own, and that the wildcard beside it is tried. If that one isn't there either the handshake fails. What
 * a client sends gets into a path only when it can be a host name.
 */
export function renderTlsMaps({ link }: NginxOptions): string {
  return `map $ssl_server_name $tls_name {
  default "-";
  "~^[a-z0-9][a-z0-9.-]{1,${maxHostNameLength - 2}}[a-z0-9]$" $ssl_server_name;
}
map $tls_name $tls_wildcard {
  default "-";
  "~^[a-z0-9-]+(?<tls_parent>\\.[a-z0-9.-]+)$" "*$tls_parent";
}
map $realpath_root $certificate {
  default ${quote(`${link}/tls/$tls_wildcard`)};
  "~/certs/[a-z0-9]+$" $realpath_root;
}`
}

/**
 * What begins the server for HTTPS. A handshake that fails is a client's doing (nobody but a scanner asks for a name that isn't served):
 * the server's own log is muted, its locations have the real one. `root` is what $realpath_root is asked about; locations have their own.
 * A certificate's directory never changes, so a cached one is right for as long as it is used.
 */
export function renderTlsServer(options: NginxOptions): string {
  const { link, paths, nginx, listenTls, httpsPort } = options
  const http2 = nginx.http2Directive ? '' : ' http2'
  return `${listenTls.map((address) => `listen ${address} ssl${http2} default_server;`).join('\n  ')}
  ${nginx.http2Directive ? 'http2 on;' : ''}
  ${nginx.http3 ? listenTls.map((address) => `listen ${address} quic reuseport default_server;`).join('\n  ') : ''}
  server_name "";
  error_log ${quote(paths.errorLog)} emerg;
  ssl_certificate $certificate/fullchain.pem;
  ssl_certificate_key $certificate/privkey.pem;
  ${nginx.certificateCache ? 'ssl_certificate_cache max=1000 inactive=1h valid=1m;' : ''}
  root ${quote(`${link}/tls/$tls_name`)};
  # The name that the certificate was chosen by is the name that is asked for (RFC 9110, 15.5.20).
  error_page 421 @misdirected;
  error_page 497 = @plain_on_https;
  if ($host != $ssl_server_name) { return 421; }
  location @misdirected {
    access_log off;
    default_type text/plain;
    return 421 "This name is served by another connection.\\n";
  }
  location @plain_on_https {
    access_log off;
    return 308 https://$host${portSuffix('secure', httpsPort)}$request_uri;
  }`
}
