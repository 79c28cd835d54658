import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  checkEnvironment,
  checkVariableValue,
  maxEnvironmentBytes,
  maxValueBytes,
  maxVariables,
  parseVariableName,
} from '../../../src/names/variable.ts'

const refused = (code: string) => expect.objectContaining({ code }) as Error

describe('the name of a variable', () => {
  it.each(['A', '_', 'api_token', 'APP_KEY', 'DB_CONNECTION', 'NODE_OPTIONS', 'PATHS', 'PORTAL', 'x1'])(
    'may be %s',
    (name) => {
      expect(parseVariableName(name)).toBe(name)
    },
  )

  it.each(['', '1A', 'A-B', 'A B', 'A=B', 'É', 'A\n', '../x', 'A'.repeat(129)])('may not be %j', (name) => {
    expect(() => parseVariableName(name)).toThrow(refused('invalid-name'))
  })

  // The attack: have the loader, the shell or PHP run something else than the release.
  it.each(['PATH', 'HOME', 'LD_PRELOAD', 'LD_LIBRARY_PATH', 'BASH_ENV', 'IFS', 'PHPRC', 'PHP_INI_SCAN_DIR'])(
    'may not be %s, which decides what runs',
    (name) => {
      expect(() => parseVariableName(name)).toThrow(refused('invalid-name'))
    },
  )

  it.each(['DATABASE_URL', 'DB_HOST', 'DB_NAME', 'DB_USER', 'DB_PASSWORD', 'PORT', 'HOSTING_X', 'BUILD_COMMAND'])(
    'may not be %s, which the platform sets',
    (name) => {
      expect(() => parseVariableName(name)).toThrow('set by the platform')
    },
  )

  it('is safe as the name of a file and in a shell, whatever is typed', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => {
        let name: string
        try {
          name = parseVariableName(text)
        } catch {
          return
        }
        expect(name).toMatch(/^[A-Za-z_][A-Za-z0-9_]{0,127}$/)
      }),
    )
  })
})

describe('values', () => {
  it('may hold anything but NUL, of some size', () => {
    checkVariableValue('A', 'a "b" \'c\' $(d)\n\te é\u0001')
    checkVariableValue('A', 'x'.repeat(maxValueBytes))
    expect(() => checkVariableValue('A', 'a\0b')).toThrow(refused('usage'))
    expect(() => checkVariableValue('A', 'é'.repeat(maxValueBytes / 2 + 1))).toThrow(refused('too-large'))
  })

  it('are in no message', () => {
    for (const value of ['topsecret\0', 'topsecret'.repeat(9999)]) {
      try {
        checkVariableValue('A', value)
        expect.unreachable()
      } catch (error) {
        expect(JSON.stringify(error) + String(error)).not.toContain('topsecret')
      }
    }
  })

  it('have a limit in all', () => {
    const many = Object.fromEntries(Array.from({ length: maxVariables }, (_, index) => [`V${index}`, 'x']))
    checkEnvironment(many)
    expect(() => checkEnvironment({ ...many, ONE_MORE: '' })).toThrow(refused('too-large'))
    const half = 'x'.repeat(maxEnvironmentBytes / 2)
    expect(() => checkEnvironment({ A: half, B: half })).toThrow(refused('too-large'))
  })
})
