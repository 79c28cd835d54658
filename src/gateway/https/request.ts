// What a request to the host of Git says: whose repository, and which of the few things that smart HTTP (gitprotocol-http(5)) and Git LFS
// know. Read from the path as it was sent: what is encoded in it is decoded once, and must be a name then. Pure.
import type { IncomingMessage } from 'node:http'
import { lfsOidSchema } from '../../git/lfs/pointer.ts'

export type GitHttpService = 'git-upload-pack' | 'git-receive-pack'

export type Asked = { readonly site: string } & (
  | { readonly kind: 'refs' | 'rpc'; readonly service: GitHttpService }
  | { readonly kind: 'lfs-batch' | 'lfs-verify' | 'lfs-locks' }
  | { readonly kind: 'lfs-upload' | 'lfs-download'; readonly oid: string }
)

const services: readonly GitHttpService[] = ['git-upload-pack', 'git-receive-pack']

/** Undefined for all else: the dumb protocol, pages, and whatever people try. */
export function parseAsked({ method, url = '' }: Pick<IncomingMessage, 'method' | 'url'>): Asked | undefined {
  const [, name = '', rest, query = ''] = /^\/([^/?]+)\/([^?]+)(?:\?(.*))?$/s.exec(url) ?? []
  const site = decode(name)
  if (rest === undefined || site === undefined) return undefined
  if (method === 'GET' && rest === 'info/refs') return refs(site, query)
  const service = services.find((known) => known === rest)
  return method === 'POST' && service !== undefined ? { site, kind: 'rpc', service } : lfs(site, method, rest)
}

function refs(site: string, query: string): Asked | undefined {
  const asked = new URLSearchParams(query).get('service')
  const service = services.find((known) => known === asked)
  return service && { site, kind: 'refs', service }
}

function lfs(site: string, method: string | undefined, rest: string): Asked | undefined {
  if (method === 'POST' && rest === 'info/lfs/objects/batch') return { site, kind: 'lfs-batch' }
  if (method === 'POST' && rest === 'info/lfs/verify') return { site, kind: 'lfs-verify' }
  if (/^info\/lfs\/locks(?:\/|$)/.test(rest)) return { site, kind: 'lfs-locks' }
  const oid = lfsOidSchema.safeParse(/^info\/lfs\/objects\/(.+)$/.exec(rest)?.[1]).data
  if (oid === undefined) return undefined
  if (method === 'PUT') return { site, kind: 'lfs-upload', oid }
  return method === 'GET' ? { site, kind: 'lfs-download', oid } : undefined
}

function decode(text: string): string | undefined {
  try {
    return decodeURIComponent(text)
  } catch {
    return undefined
  }
}

export type Authorization =
  | { readonly kind: 'basic'; readonly name: string; readonly secret: string }
  | { readonly kind: 'bearer'; readonly secret: string }

/** RFC 7617 and RFC 6750; in UTF-8, as every client that knows of more than ASCII sends it. */
export function parseAuthorization(header: string | undefined): Authorization | undefined {
  const [, scheme = '', rest = ''] = /^(basic|bearer) +([A-Za-z0-9+/=._~-]+) *$/i.exec(header ?? '') ?? []
  if (scheme.toLowerCase() === 'bearer') return { kind: 'bearer', secret: rest }
  if (scheme === '') return undefined
  const text = Buffer.from(rest, 'base64').toString('utf8')
  const colon = text.indexOf(':')
  return colon === -1 ? undefined : { kind: 'basic', name: text.slice(0, colon), secret: text.slice(colon + 1) }
}

/** As at the SSH door (gateway/ssh/session.ts). */
export function parseGitProtocol(header: string | string[] | undefined): string | undefined {
  if (typeof header !== 'string' || header.length > 200) return undefined
  return /^version=\d{1,2}(:[a-z0-9=.-]+)*$/.test(header) ? header : undefined
}
