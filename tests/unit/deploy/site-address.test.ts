// The addresses that people are told: by HTTPS where a certificate serves, beside plain HTTP where that is not led there.
import { describe, expect, it } from 'vitest'
import { loadConfig } from '../../../src/config/load.ts'
import { addressesOf } from '../../../src/deploy/site-address.ts'
import { systemClock } from '../../../src/lib/clock.ts'
import { openStore } from '../../../src/store/store.ts'

async function addresses(flags: Record<string, string>, isServed: boolean): Promise<string[]> {
  const store = await openStore(':memory:', systemClock)
  const certificate = { ...{ id: 'c', site_id: null, source: 'acme' as const, names: '[]', issuer: '', ari_id: null } }
  await store.certificates.add({ ...certificate, not_before: '', not_after: '' })
  await store.wantedNames.add('db.example.org', null)
  if (isServed) await store.wantedNames.update(['db.example.org'], { certificate_id: 'c' })
  const config = loadConfig({ flags: { home: '/tmp/home', ...flags }, env: {} })
  const found = await addressesOf('db.example.org', { store, config })
  await store.close()
  return found
}

const acme = { 'acme-directory': 'https://ca.example/dir' }

describe('the address of a name', () => {
  it('is plain until a certificate serves it', async () => {
    expect(await addresses({ ...acme, 'http-port': '80' }, false)).toEqual(['http://db.example.org'])
  })

  it('is HTTPS from then on, with a port where it is another one than usual', async () => {
    expect(await addresses({ ...acme, 'https-port': '443' }, true)).toEqual(['https://db.example.org'])
    expect(await addresses({ ...acme, 'https-port': '8443' }, true)).toEqual(['https://db.example.org:8443'])
  })

  it('is both in a trial run, whose CA no browser knows', async () => {
    expect(await addresses({ 'http-port': '8080', 'https-port': '8443' }, true)).toEqual([
      'http://db.example.org:8080',
      'https://db.example.org:8443',
    ])
  })
})
