// What stands before a site, by files in gates/<domain>/ (gates.ts). A request gets here only when the tree of its entry leads to a gate
// instead of an instance: sites without one pay nothing. What passes goes on at @tree, by way of gated/<domain>.
import { type NginxOptions, portSuffix, quote, type Way } from './nginx-options.ts'
import { type PlaceOf, placeOf, renderRateLimit } from './nginx-places.ts'

/** Browsers keep it that long (RFC 6797, 6.1.1). */
const hstsSeconds = 365 * 24 * 3600

/** Maps that only a gate needs: they are evaluated where they are used. */
export function renderGateMaps(): string {
  return `# Past the gate. What nginx knows of a redirect is where its link leads.
map $at $gated {
  default "gated/-";
  "~/(?<gated_name>[^/]+)$" "gated/$gated_name";
}
map $realpath_root $redirect_target {
  default "-";
  "~/to/(?<target_name>[a-z0-9.-]+)$" $target_name;
}
# The password is the platform's business: the site's code gets to see only those that are meant for it.
map $protected $passed_authorization {
  default $http_authorization;
  1 "";
}`
}

/** A status for each way out: nginx has no other jump out of an \`if\`. */
export function renderGate(options: NginxOptions, way: Way): string {
  const { link } = options
  const place = placeOf(options, way)
  const has = (file: string) => quote(`${link}/$gate/${file}`)
  return `  location @gate {
    ${place.base}
    error_page 418 = @redirected;
    error_page 419 = @maintenance;
    error_page 420 = @protected;
    error_page 422 = @tree;
    error_page 423 = @to_https;
    set $gate $at;
    set $at $gated;
    ${way === 'secure' ? `if (-f ${has('hsts')}) { set $hsts "max-age=${hstsSeconds}"; }` : ''}
    if (-d ${has('redirect')}) { return 418; }
    ${way === 'plain' ? `if (-f ${has('https')}) { return 423; }` : ''}
    if (-f ${has('maintenance')}) { return 419; }
    if (-f ${has('htpasswd')}) { return 420; }
    return 422;
  }
${renderRedirects(options, way, place)}
${renderMaintenance(options, place)}
${renderProtected(options, place)}`
}

/** 308 where 301 would let a browser make a GET of a POST (RFC 9110, 15.4.2 and 15.4.9). An hour: a primary domain may change. */
function renderRedirects({ link, httpPort, httpsPort }: NginxOptions, way: Way, place: PlaceOf): string {
  const [plain, secure] = [portSuffix('plain', httpPort), portSuffix('secure', httpsPort)]
  const hasHttps = way === 'plain' ? `${link}/gates/$redirect_target/https` : `${link}/tls/$redirect_target`
  const answer = `if ($tree = none) { return 308 $redirect_to; }
    return 301 $redirect_to;`
  return `  location @redirected {
    ${place.errorLog}
    root ${quote(`${link}/$gate/redirect`)};
    ${place.headers}
    add_header Cache-Control max-age=3600 always;
    set $redirect_to "http://$redirect_target${plain}$request_uri";
    if (-e ${quote(hasHttps)}) { set $redirect_to "https://$redirect_target${secure}$request_uri"; }
    ${answer}
  }
  location @to_https {
    ${place.base}
    add_header Cache-Control max-age=3600 always;
    set $redirect_to "https://$site${secure}$request_uri";
    ${answer}
  }`
}

/** The page of the release keeps the status of the error that led to it. Only readers get it: a file is no answer to a POST. */
function renderMaintenance({ link }: NginxOptions, place: PlaceOf): string {
  const headers = `${place.headers}
    add_header Cache-Control no-store always;
    add_header Retry-After 600 always;`
  return `  location @maintenance {
    ${place.base}
    error_page 418 = @in_maintenance;
    error_page 503 @maintenance_page;
    if ($tree = none) { return 418; }
    return 503;
  }
  location @maintenance_page {
    ${place.errorLog}
    root ${quote(`${link}/$at/edge`)};
    charset utf-8;
    ${headers}
    try_files /maintenance.html @in_maintenance;
  }`
}

/**
 * Every request for which a password is computed counts against its client's rate. A wrong one is the client's mistake, not ours: what nginx
 * would write to the error log of each is left out.
 */
function renderProtected(options: NginxOptions, place: PlaceOf): string {
  const { link, paths } = options
  return `  location @protected {
    root ${quote(`${link}/$at/log`)};
    error_log ${quote(paths.errorLog)} crit;
    ${place.headers}
    ${renderRateLimit(options)}
    set $protected 1;
    auth_basic $site;
    auth_basic_user_file ${quote(`${link}/$gate/htpasswd`)};
    try_files /nothing @tree;
  }`
}
