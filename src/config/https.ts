// Whether visitors are led to HTTPS by themselves.
import type { Config } from './load.ts'

/** Not in a trial run with its own CA, which no browser knows: both ways stay open there. */
export function sendsToHttps({
  standalone,
  'acme-directory': directory,
}: Pick<Config, 'standalone' | 'acme-directory'>): boolean {
  return !standalone || directory !== ''
}
