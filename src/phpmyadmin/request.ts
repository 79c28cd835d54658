// What a request to phpMyAdmin's address says: which site, which ticket, whose visit, and whether a page of ours made it. Pure.
import type { IncomingHttpHeaders, IncomingMessage } from 'node:http'
import { hostNameSchema } from '../names/host-name.ts'

export interface Asked {
  /** First part of the path. */
  readonly site: string
  /** The rest of it, with the query. */
  readonly path: string
  readonly ticket: string | undefined
  readonly visit: string | undefined
  /** The cookies that are phpMyAdmin's own. */
  readonly otherCookies: string
}

const visitCookie = 'hosting-database'

/** @returns undefined when no site is named */
export function parseRequest({
  url = '',
  headers,
  method,
}: Pick<IncomingMessage, 'url' | 'headers' | 'method'>): Asked | undefined {
  const parts = /^\/([^/?]+)(\/[^?]*)?(\?.*)?$/.exec(url)
  const site = hostNameSchema.safeParse(parts?.[1])
  if (parts === null || !site.success) return undefined
  const [, , path = '', query = ''] = parts
  const cookies = (headers.cookie ?? '').split(/; */).filter(Boolean)
  const isVisit = (cookie: string) => cookie.startsWith(`${visitCookie}=`)
  return {
    site: site.data,
    path: path + query,
    ticket: method === 'GET' && path.length <= 1 ? (new URLSearchParams(query).get('ticket') ?? undefined) : undefined,
    visit: cookies.find(isVisit)?.slice(visitCookie.length + 1),
    otherCookies: cookies.filter((cookie) => !isVisit(cookie)).join('; '),
  }
}

/**
 * Sites of this server may lie beside this address (a.example.org, db.example.org), which for SameSite is the same site. Browsers say more
 * (Fetch Metadata), and over plain HTTP at least which origin a form came from (RFC 6454).
 */
export function isFromElsewhere({ host, origin, 'sec-fetch-site': fetchSite }: IncomingHttpHeaders): boolean {
  if (typeof fetchSite === 'string') return !['same-origin', 'none'].includes(fetchSite)
  if (origin === undefined) return false
  return !URL.canParse(origin) || new URL(origin).host !== host
}

/** The secret for this site alone, for no script, and for no request that another site makes. */
export function renderVisitCookie(
  secret: string,
  { site, maxAgeMs, secure }: { site: string; maxAgeMs: number; secure: boolean },
): string {
  const attributes = [`Path=/${site}/`, `Max-Age=${maxAgeMs / 1000}`, 'HttpOnly', 'SameSite=Strict']
  return [`${visitCookie}=${secret}`, ...attributes, ...(secure ? ['Secure'] : [])].join('; ')
}
