// What the locations of a server have in common. nginx inherits such directives only where a location has none of its kind.
import { type NginxOptions, quote, type Way } from './nginx-options.ts'

export interface PlaceOf {
  /** The error log, which a server for HTTPS has muted for handshakes. */
  readonly errorLog: string
  /** The same, and the root on which the access log depends: nginx writes none when the root of a request is missing. */
  readonly base: string
  /** Headers of every answer. */
  readonly headers: string
}

export function placeOf({ link, paths, httpsPort, nginx }: NginxOptions, way: Way): PlaceOf {
  const errorLog = way === 'secure' ? `error_log ${quote(paths.errorLog)} error;` : ''
  const hsts = 'add_header Strict-Transport-Security $hsts always;'
  const altSvc = `add_header Alt-Svc 'h3=":${httpsPort}"; ma=86400' always;`
  return {
    errorLog,
    base: `${errorLog}\n    root ${quote(`${link}/$at/log`)};`,
    headers: way === 'plain' ? '' : `${hsts}${nginx.http3 ? `\n    ${altSvc}` : ''}`,
  }
}

export function renderRateLimit({ requestRate }: NginxOptions): string {
  return requestRate === 0 ? '' : `limit_req zone=requests burst=${requestRate * 2} delay=${requestRate};`
}
