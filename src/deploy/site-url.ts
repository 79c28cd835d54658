import type { Config } from '../config/load.ts'

/** The address of a site as its visitors type it: the port only where it is not HTTP's own (RFC 9110, 4.2.1). */
export function siteUrl(name: string, config: Pick<Config, 'http-port'>): string {
  return config['http-port'] === 80 ? `http://${name}` : `http://${name}:${config['http-port']}`
}
