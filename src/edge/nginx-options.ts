// What the configuration of nginx depends on.
import type { EdgePaths } from './edge-paths.ts'
import type { NginxFeatures } from './nginx-features.ts'
import type { Pages } from './pages.ts'

export interface NginxOptions {
  /** home.link */
  readonly link: string
  readonly paths: Pick<EdgePaths, 'pid' | 'errorLog' | 'state' | 'wakeSocket'>
  /** Arguments of `listen`, for plain HTTP and for HTTPS. */
  readonly listen: readonly string[]
  readonly listenTls: readonly string[]
  /** As visitors type them. */
  readonly httpPort: number
  readonly httpsPort: number
  /** Files with the keys of session tickets, the one in use first. */
  readonly tickets: readonly string[]
  readonly nginx: NginxFeatures
  /** User and group of the workers; undefined when nginx isn't started by root: they are whoever starts it. */
  readonly workers?: { readonly user: string; readonly group: string } | undefined
  /** Files for load_module. Brotli is used when both of its modules are among them. */
  readonly modules: readonly string[]
  /** Requests a second and open requests of one address; 0: no limit. */
  readonly requestRate: number
  readonly maxConnectionsPerAddress: number
  readonly maxUploadMb: number
  /** Content of nginx/mime.types (types, charset, what is compressed), put in whole: the configuration must outlive the directory it came from. */
  readonly mediaTypes: string
  readonly pages: Pages
}

/** A request comes in by plain HTTP or by HTTPS. */
export type Way = 'plain' | 'secure'

/** The tree that a request's name is looked up in (entries.ts). */
export const entryTree = { plain: 'routes', secure: 'secure' } as const satisfies Record<Way, string>

/** What a port adds to a name in a URL: nothing where it is the scheme's own (RFC 9110, 4.2). */
export function portSuffix(way: Way, port: number): string {
  return port === (way === 'plain' ? 80 : 443) ? '' : `:${port}`
}

export function hasBrotli(modules: readonly string[]): boolean {
  return ['brotli_filter', 'brotli_static'].every((part) => modules.some((file) => file.includes(part)))
}

/** A parameter in nginx's quotes; a variable in it stays one. */
export function quote(text: string): string {
  return `"${text.replace(/["\\]/g, '\\$&')}"`
}
