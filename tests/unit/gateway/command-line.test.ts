import fc from 'fast-check'
import { execFileSync } from 'node:child_process'
import { describe, expect, it } from 'vitest'
import { HostingError } from '../../../src/errors/hosting-error.ts'
import { quoteWord, splitCommandLine } from '../../../src/gateway/command-line.ts'

describe('splitCommandLine', () => {
  it.each([
    ['', []],
    ['  sites \t --json\n', ['sites', '--json']],
    [`git-receive-pack '/demo.git'`, ['git-receive-pack', '/demo.git']],
    [`env:set demo 'A=it'\\''s' B="two words"`, ['env:set', 'demo', "A=it's", 'B=two words']],
    [`a'b'"c"\\d`, ['abcd']],
    [`'' ""`, ['', '']],
    [String.raw`"\$HOME \" \\ \n"`, ['$HOME " \\ \\n']],
    [`a\\\nb "c\\\nd"`, ['ab', 'cd']],
  ])('reads %j as a POSIX shell does', (line, words) => {
    expect(splitCommandLine(line)).toEqual(words)
  })

  // The attack: a name that a shell would run, e.g. git push 'host:$(reboot)'.
  it('expands nothing: what means something to a shell is text', () => {
    expect(splitCommandLine('info $(id) `id` $HOME *.php ~ a;b a|b >x # &&')).toEqual(
      ['info', '$(id)', '`id`', '$HOME', '*.php', '~', 'a;b', 'a|b', '>x', '#', '&&'], // each a word
    )
  })

  it.each([`info 'demo`, `info "demo`, `info "demo\\`, 'info demo\\', 'info de\0mo', "info 'de\0mo'"])(
    'refuses %j as a mistake in usage',
    (line) => {
      expect(() => splitCommandLine(line)).toThrow(HostingError)
      expect(() => splitCommandLine(line)).toThrow(expect.objectContaining({ code: 'usage' }) as Error)
    },
  )
})

const words = fc.array(
  fc.oneof(
    fc.string({ unit: 'binary' }),
    fc.string({ unit: fc.constantFrom("'", '"', '\\', ' ', '$', '\n', ';', 'a') }),
  ),
)
const withoutNul = words.map((list) => list.map((word) => word.replaceAll('\0', '')))

describe('quoteWord', () => {
  it('is undone exactly by splitCommandLine, whatever the words', () => {
    fc.assert(
      fc.property(withoutNul, (list) => {
        expect(splitCommandLine(list.map(quoteWord).join(' '))).toEqual(list)
      }),
    )
  })

  it('is understood in the same way by a real shell', () => {
    const list = [`it's`, '$HOME', '`id`', 'a\nb', '', '\\', '"', 'plain-1.0', 'é ü']
    const shown = execFileSync('sh', ['-c', `printf '%s\\0' ${list.map(quoteWord).join(' ')}`], { encoding: 'utf8' })
    expect(shown.split('\0').slice(0, -1)).toEqual(list)
  })

  it('refuses a NUL, which no command line can hold', () => {
    expect(() => quoteWord('a\0b')).toThrow(HostingError)
  })
})
