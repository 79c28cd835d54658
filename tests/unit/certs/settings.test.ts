import { describe, expect, it } from 'vitest'
import { checkCertificateSettings } from '../../../src/certs/settings.ts'
import { loadConfig } from '../../../src/config/load.ts'

const check = (flags: Record<string, string>) => () => checkCertificateSettings(loadConfig({ flags, env: {} }))

describe('settings of certificates', () => {
  it('are right when they are left out, or name what is there', () => {
    expect(check({})).not.toThrow()
    expect(check({ 'public-addresses': '192.0.2.1 2001:db8::1' })).not.toThrow()
    expect(check({ 'acme-ca-file': import.meta.filename, 'public-addresses': '192.0.2.1, 2001:db8::1' })).not.toThrow()
  })

  it.each([
    [{ 'acme-ca-file': '/nowhere' }, "acme-ca-file names /nowhere, which can't be read"],
    [{ 'dns-hook': '/nowhere' }, "dns-hook names /nowhere, which can't be read"],
    [{ 'acme-eab-kid': 'kid-1' }, 'belong together'],
    [{ 'public-addresses': 'foo' }, 'public-addresses has "foo"'],
  ])('with a mistake are told at the start: %j', (flags, message) => {
    expect(check(flags)).toThrow(message)
  })
})
