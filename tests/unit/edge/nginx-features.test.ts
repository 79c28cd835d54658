import { describe, expect, it } from 'vitest'
import { parseFeatures } from '../../../src/edge/nginx-features.ts'

const nginx = (version: string, openssl: string, more = '') =>
  `nginx version: nginx/${version}\nbuilt with OpenSSL ${openssl}\nTLS SNI support enabled\nconfigure arguments: --with-http_v2_module${more}`

describe('what an nginx can do', () => {
  it.each([
    ['1.22.1', '3.0.20 7 Apr 2026 (running with OpenSSL 3.0.19 27 Jan 2026)', [false, false, false]],
    ['1.25.0', '3.0.11', [false, false, false]],
    ['1.25.1', '3.0.11', [true, false, false]],
    ['1.26.3', '3.5.1 1 Jul 2025', [true, false, true]],
    ['1.27.4', '3.0.11 (running with OpenSSL 3.6.0)', [true, true, true]],
    ['2.0.0', '4.0.0', [true, true, true]],
  ])(
    'is read from nginx -V: %s with OpenSSL %s',
    (version, openssl, [http2Directive, certificateCache, postQuantum]) => {
      expect(parseFeatures(nginx(version, openssl))).toEqual({
        http2Directive,
        certificateCache,
        postQuantum,
        http3: false,
      })
    },
  )

  it('includes HTTP/3 where it was built in', () => {
    expect(parseFeatures(nginx('1.26.3', '3.5.1', ' --with-http_v3_module')).http3).toBe(true)
  })

  it('is the least where nothing is known', () => {
    expect(Object.values(parseFeatures(''))).toEqual([false, false, false, false])
  })
})
