// The way of a request through nginx: edge tree → instance → wake socket → page. Named locations can't be asked for from outside.
import { renderGate } from './nginx-gate.ts'
import { entryTree, hasBrotli, type NginxOptions, quote, type Way } from './nginx-options.ts'
import { type PlaceOf, placeOf, renderRateLimit } from './nginx-places.ts'
import type { PageName } from './pages.ts'

/** Status that nothing sends: it means "go on at the location that error_page names" (nginx has no other jump out of an `if`). */
const jump = 418
const otherJump = 419
const thirdJump = 420

export function renderLocations(options: NginxOptions, way: Way): string {
  const place = placeOf(options, way)
  return [
    renderProxyDefaults(),
    renderChallenges(options, place),
    renderTree(options, place),
    renderInstance(options, place),
    renderWake(options, place),
    renderUnrouted(options, way),
    renderGate(options, way),
    renderPages(options, place),
  ].join('\n')
}

/**
 * Clients and instances are both strangers: what a client says about its address is replaced, and what an instance says to
 * nginx itself (X-Accel-*) is ignored. An instance's own error pages are passed on. The charset of a text is for the instance to say.
 */
function renderProxyDefaults(): string {
  return `  recursive_error_pages on;
  charset off;
  proxy_http_version 1.1;
  proxy_redirect off;
  proxy_next_upstream off;
  proxy_ignore_headers X-Accel-Redirect X-Accel-Expires X-Accel-Limit-Rate X-Accel-Buffering X-Accel-Charset;
  proxy_set_header Host $host$port_suffix;
  proxy_set_header X-Real-IP $remote_addr;
  proxy_set_header X-Forwarded-For $remote_addr;
  proxy_set_header X-Forwarded-Proto $scheme;
  proxy_set_header X-Forwarded-Host $host$port_suffix;
  proxy_set_header X-Forwarded-Port $server_port;
  proxy_set_header X-Forwarded-Server "";
  proxy_set_header Forwarded "";
  proxy_set_header Authorization $passed_authorization;
  proxy_set_header Proxy "";
  proxy_set_header Upgrade $upgrade_header;
  proxy_set_header Connection $connection_header;
  proxy_connect_timeout 5s;
  proxy_send_timeout 60s;
  proxy_read_timeout 120s;
  proxy_buffer_size 16k;
  proxy_buffers 8 16k;
  proxy_busy_buffers_size 32k;
  proxy_max_temp_file_size 64m;`
}

/** Tokens of HTTP-01 (RFC 8555, 8.3), whatever stands before a site, and for names that have none yet. They are no secret. */
function renderChallenges({ link }: NginxOptions, place: PlaceOf): string {
  return `  location ^~ /.well-known/acme-challenge/ {
    ${place.errorLog}
    access_log off;
    log_not_found off;
    root ${quote(`${link}/challenges`)};
    types { }
    default_type text/plain;
    gzip_static off;
    try_files /$acme_token =404;
  }`
}

/** What browsers ask for most, by how the build treats it: compressed already, or with compressed variants beside it. */
const opaqueFile = '\\.(?:png|jpe?g|gif|webp|avif|woff2?|mp[34]|m4[av]|webm|og[gv]|pdf|zip)$'
const textFile = '\\.(?:html?|css|m?js|map|txt|md|svg|ico|[ot]tf)$'

/**
 * Files of the release; what isn't there is the instance's to answer for. `try_files` leaves it a directory without its slash
 * too, but costs another walk along the path: 6 % of a request for a small file. So names that look like a file are opened at
 * once (404: not there; 403: unreadable; 405: not GET or HEAD). With `gzip_vary` nginx would look for a variant also where the
 * client wants none, at 7 %: all that has variants says by itself that it varies. What is text is small, once compressed: up to
 * 25 kB, reading it costs less than sendfile, which corks the connection and uncorks it.
 */
function renderTree({ link, modules }: NginxOptions, place: PlaceOf): string {
  const common = `${place.errorLog}
    root ${quote(`${link}/$at/$tree`)};
    charset utf-8;
    log_not_found off;
    ${place.headers}
    error_page 403 404 405 = @instance;`
  const varying = `gzip_vary off;
    add_header Vary Accept-Encoding;`
  return `  location / {
    ${common}
    ${varying}
    try_files $uri $uri.html @instance;
  }
  location ~ /$ {
    ${common}
    ${varying}
    sendfile off;
    try_files \${uri}index.html @instance;
  }
  location ~ ${quoteRegex(textFile)} {
    ${common}
    ${varying}
    sendfile off;
  }
  location ~ ${quoteRegex(opaqueFile)} {
    ${common}
    gzip_static off;${hasBrotli(modules) ? '\n    brotli_static off;' : ''}
  }
  location @tree {
    ${common}
    ${varying}
    try_files $uri $other_file @instance;
  }`
}

/** A regular expression as one parameter: it keeps its backslashes, which nginx passes on where they escape nothing of its own. */
function quoteRegex(pattern: string): string {
  return `"${pattern}"`
}

/** nginx's own 502 means: no socket, nobody listening, or a connection that broke (renderWake tells them apart). */
function renderInstance(options: NginxOptions, place: PlaceOf): string {
  const { link } = options
  return `  location @instance {
    ${place.base}
    ${place.headers}
    ${renderRateLimit(options)}
    error_page ${jump} = @unrouted;
    error_page 502 = @lost;
    error_page 504 = @no_answer_in_time;
    if (!-d ${quote(`${link}/$at/log`)}) {
      return ${jump};
    }
    ${proxyToInstance(link)}
  }
  location @resume {
    ${place.base}
    ${place.headers}
    error_page 502 = @no_answer;
    error_page 504 = @no_answer_in_time;
    ${proxyToInstance(link)}
  }`
}

function proxyToInstance(link: string): string {
  return `proxy_pass ${quote(`http://unix:${link}/$at/run/web.sock:`)};`
}

/**
 * Asks the daemon for an instance. A request that may have reached one is never sent again: $upstream_connect_time holds a
 * number as soon as a connection stood. The daemon gets nothing of the request but the site; its X-Accel-Redirect, which sends
 * the whole request on to @resume, is the only one that counts. A parked domain has no log, a host that is no site no route; that a
 * site was stopped its route says, so that it is said while the daemon is away, too.
 */
function renderWake(options: NginxOptions, place: PlaceOf): string {
  return `  location @lost {
    ${place.base}
    ${place.headers}
    error_page ${jump} = @no_answer;
    if ($upstream_connect_time ~ "[0-9]") {
      return ${jump};
    }
    ${renderAsking(options)}
  }`
}

function renderAsking({ paths }: NginxOptions): string {
  return `error_page 502 504 = @down;
    proxy_pass ${quote(`http://unix:${paths.wakeSocket}:/$routed`)};
    proxy_method GET;
    proxy_pass_request_headers off;
    proxy_pass_request_body off;
    proxy_set_header Host wake;
    proxy_set_header Connection close;
    proxy_ignore_headers X-Accel-Expires;
    proxy_read_timeout 15s;`
}

/** A name that leads to no instance: to a gate, to nothing, or nowhere; then the wildcard beside it may lead somewhere. */
function renderUnrouted(options: NginxOptions, way: Way): string {
  const { link } = options
  const place = placeOf(options, way)
  const wildcard = `${entryTree[way]}/$wildcard`
  return `  location @unrouted {
    ${place.base}
    ${place.headers}
    access_log off;
    ${renderRateLimit(options)}
    error_page ${jump} = @unknown;
    error_page ${otherJump} = @stopped;
    error_page ${thirdJump} = @gate;
    if (-f ${quote(`${link}/$at/gate`)}) {
      return ${thirdJump};
    }
    if (-d ${quote(`${link}/$at/stopped`)}) {
      return ${otherJump};
    }
    if (!-d ${quote(`${link}/$at`)}) {
      return ${jump};
    }
    ${renderAsking(options)}
  }
  location @unknown {
    ${place.base}
    access_log off;
    error_page ${jump} = @no_such_site;
    error_page ${otherJump} = @tree;
    error_page ${thirdJump} = @gate;
    if (!-d ${quote(`${link}/${wildcard}`)}) {
      return ${jump};
    }
    set $at "${wildcard}";
    if (-f ${quote(`${link}/$at/gate`)}) {
      return ${thirdJump};
    }
    return ${otherJump};
  }`
}

function renderPages({ pages }: NginxOptions, place: PlaceOf): string {
  const renderPage = (location: string, directives: string, answer: string) =>
    renderLocation(location, `${place.base}\n    ${place.headers}\n    ${directives}`, answer)
  const page = (name: PageName) => inQuotes(pages[name].replaceAll('{{host}}', '${site}'))
  return [
    renderPage('@no_such_site', 'access_log off;', `404 ${page('no-such-site')}`),
    renderPage('@stopped', 'add_header Retry-After 3600 always;', `503 ${page('stopped')}`),
    renderPage('@down', 'add_header Retry-After 10 always;', `503 ${page('down')}`),
    renderPage('@in_maintenance', 'add_header Retry-After 600 always;', `503 ${page('maintenance')}`),
    renderPage('@no_answer', '', `502 ${page('no-answer')}`),
    renderPage('@no_answer_in_time', '', `504 ${page('no-answer')}`),
  ].join('\n')
}

function renderLocation(location: string, directives: string, answer: string): string {
  return `  location ${location} {
    default_type text/html;
    charset utf-8;
    add_header Cache-Control no-store always;
    ${directives}
    return ${answer};
  }`
}

/** A page as one parameter. nginx reads at most 4,096 bytes of one, and a dollar sign would start a variable. */
function inQuotes(html: string): string {
  const small = html.replace(/\s*\n\s*/g, ' ').trim()
  if (Buffer.byteLength(small) > 3900 || /\$(?!\{site\})/.test(small))
    throw new Error('A page is too long for nginx, or holds a "$"')
  return `'${small.replace(/['\\]/g, '\\$&')}'`
}
