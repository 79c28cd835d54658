// The server for Git over HTTPS: a host name of the platform's own, whose requests go to the daemon as they come. Nothing is kept back on
// the way: a push of any size takes no memory and no disk here, and what the platform says while it deploys is seen at once.
import { renderChallenges, renderProxyDefaults } from './nginx-locations.ts'
import { type NginxOptions, portSuffix, quote, type Way } from './nginx-options.ts'
import { placeOf, renderRateLimit } from './nginx-places.ts'
import { renderTlsServer } from './nginx-tls.ts'

/** A build may say nothing for a long time, and a client may take its time to pack what it sends. */
const patience = { answer: '1h', client: '10m' }

export function renderGitServer(options: NginxOptions, way: Way): string {
  const { git, link, listen, maxConnectionsPerAddress } = options
  if (git === undefined) return ''
  const opening =
    way === 'plain'
      ? `${listen.map((address) => `listen ${address};`).join('\n  ')}
  server_name ${git.host};
  root ${quote(`${link}/gated/${git.host}/log`)};`
      : renderTlsServer(options, git.host)
  return `server {
  ${opening}
  # Past the gate: with a certificate, what comes in by plain HTTP is sent to HTTPS by it (entries.ts), and this server does that itself.
  set $at ${quote(`gated/${git.host}`)};
  ${maxConnectionsPerAddress === 0 ? '' : `limit_conn connections ${maxConnectionsPerAddress};`}
${renderProxyDefaults()}
${renderChallenges(options, placeOf(options, way))}
${way === 'plain' && !git.plain ? renderToHttps(options, git.host) : renderRelay(options, way)}
}`
}

/** A password is asked for by HTTPS only. Git follows this before it asks for one. */
function renderToHttps({ httpsPort }: NginxOptions, host: string): string {
  return `  location / {
    return 308 https://${host}${portSuffix('secure', httpsPort)}$request_uri;
  }`
}

function renderRelay(options: NginxOptions, way: Way): string {
  const { link } = options
  const place = placeOf(options, way)
  return `  location / {
    ${place.base}
    ${place.headers}
    ${renderRateLimit(options)}
    gzip off;
    client_max_body_size 0;
    client_body_timeout ${patience.client};
    send_timeout ${patience.client};
    proxy_request_buffering off;
    proxy_buffering off;
    proxy_send_timeout ${patience.client};
    proxy_read_timeout ${patience.answer};
    error_page 502 504 = @away;
    proxy_pass ${quote(`http://unix:${link}/$at/run/web.sock:`)};
  }
  location @away {
    ${place.base}
    default_type text/plain;
    add_header Retry-After 10 always;
    return 503 "The platform is not running at the moment. Try again soon.\\n";
  }`
}
