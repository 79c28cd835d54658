import { describe, expect, it } from 'vitest'
import { gitHost, isReserved, platformHosts, whyNobodys } from '../../../src/access/platform-names.ts'
import { loadConfig } from '../../../src/config/load.ts'
import { parseHostName } from '../../../src/names/host-name.ts'

const configWith = (flags: Record<string, string>) => loadConfig({ flags: { 'reserved-names': '', ...flags }, env: {} })

describe('the host of Git', () => {
  it('is a short name below the base domain, a full one, or none', () => {
    expect(gitHost(configWith({ 'base-domain': 'example.org' }))).toBe('git.example.org')
    expect(gitHost(configWith({ 'git-host': 'code.example.net' }))).toBe('code.example.net')
    const none = configWith({ 'git-host': '', 'database-admin-host': '' })
    expect([gitHost(none), platformHosts(none)]).toEqual([undefined, []])
  })

  // The attack: a site at the address of Git, or below it, that is given passwords.
  it('can be nobody’s, nor can names below it', () => {
    const config = configWith({ 'git-host': 'code' })
    for (const name of ['code.localhost', 'www.code.localhost']) {
      expect(isReserved(parseHostName(name), config)).toBe(true)
      expect(whyNobodys(parseHostName(name), config)).toBeDefined()
    }
    expect(isReserved(parseHostName('git.localhost'), config)).toBe(false)
  })
})
