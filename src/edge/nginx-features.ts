// What the installed nginx can do beyond Debian 12's 1.22: asked of itself, never assumed.
import { exec } from '../lib/exec.ts'
import { hasErrorCode } from '../lib/files.ts'

export interface NginxFeatures {
  /** `http2 on` instead of a parameter of `listen`, which is deprecated from then on (1.25.1). */
  readonly http2Directive: boolean
  readonly http3: boolean
  /** `ssl_certificate_cache` for certificates by variable (1.27.4). */
  readonly certificateCache: boolean
  /** X25519MLKEM768 (OpenSSL 3.5). An older one would refuse the name. */
  readonly postQuantum: boolean
}

/** Without an nginx: what every version can do. That there is none is told when the configuration is proven. */
export async function findNginxFeatures(): Promise<NginxFeatures> {
  try {
    const { stderr } = await exec('nginx', ['-V'], { timeoutMs: 10_000 })
    return parseFeatures(stderr)
  } catch (error) {
    if (hasErrorCode(error, 'ENOENT')) return parseFeatures('')
    throw error
  }
}

/** @param text what `nginx -V` writes */
export function parseFeatures(text: string): NginxFeatures {
  const version = /nginx version: \S+\/([\d.]+)/.exec(text)?.[1] ?? ''
  const openssl = /running with OpenSSL ([\d.]+)/.exec(text)?.[1] ?? /built with OpenSSL ([\d.]+)/.exec(text)?.[1] ?? ''
  return {
    http2Directive: isAtLeast(version, [1, 25, 1]),
    http3: text.includes('--with-http_v3_module'),
    certificateCache: isAtLeast(version, [1, 27, 4]),
    postQuantum: isAtLeast(openssl, [3, 5, 0]),
  }
}

function isAtLeast(version: string, least: readonly number[]): boolean {
  const parts = version.split('.').map(Number)
  const index = least.findIndex((part, at) => (parts[at] ?? 0) !== part)
  return index === -1 || (parts[index] ?? 0) > (least[index] ?? 0)
}
