import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { newDatabaseName, newPassword, restoreNames } from '../../../../src/data/databases/names.ts'

const label = fc.stringMatching(/^[a-z0-9](?:[a-z0-9-]{0,60}[a-z0-9])?$/)
const hostName = fc.array(label, { minLength: 1, maxLength: 5 }).map((labels) => labels.join('.'))

describe('the name of a database', () => {
  it('needs no quoting anywhere and fits every limit, with the endings of a restore too', () => {
    fc.assert(
      fc.property(hostName, (site) => {
        const name = newDatabaseName(site)
        expect(name).toMatch(/^[a-z][a-z0-9_]*$/)
        for (const each of [name, ...Object.values(restoreNames(name))]) expect(each.length).toBeLessThanOrEqual(32)
      }),
    )
  })

  it('tells whose it is', () => {
    expect(newDatabaseName('demo.localhost')).toMatch(/^demo_[a-z0-9]{6}$/)
    expect(newDatabaseName('www.école-été.example.org'.normalize())).toMatch(/^www_/)
    expect(newDatabaseName('3sat.de')).toMatch(/^s3sat_de_/)
    expect(newDatabaseName('localhost')).toMatch(/^localhost_/)
  })

  it('is another one for sites whose names look alike', () => {
    expect(newDatabaseName('a-b.example.org')).not.toBe(newDatabaseName('a.b.example.org'))
  })

  it('is never that of a system database or of an account of the platform', () => {
    for (const site of ['mysql', 'root', 'hosting', 'sys', 'information.schema'])
      expect(['mysql', 'root', 'hosting', 'sys', 'information_schema']).not.toContain(newDatabaseName(site))
  })
})

it('a password is of letters and digits, and another one each time', () => {
  const passwords = Array.from({ length: 100 }, newPassword)
  for (const password of passwords) expect(password).toMatch(/^[A-Za-z0-9]{32}$/)
  expect(new Set(passwords).size).toBe(100)
})
