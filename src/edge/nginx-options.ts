// What the configuration of nginx depends on.
import type { EdgePaths } from './edge-paths.ts'
import type { Pages } from './pages.ts'

export interface NginxOptions {
  /** home.link */
  readonly link: string
  readonly paths: Pick<EdgePaths, 'pid' | 'errorLog' | 'state' | 'wakeSocket'>
  /** Arguments of `listen`. */
  readonly listen: readonly string[]
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

export function hasBrotli(modules: readonly string[]): boolean {
  return ['brotli_filter', 'brotli_static'].every((part) => modules.some((file) => file.includes(part)))
}

/** A parameter in nginx's quotes; a variable in it stays one. */
export function quote(text: string): string {
  return `"${text.replace(/["\\]/g, '\\$&')}"`
}
