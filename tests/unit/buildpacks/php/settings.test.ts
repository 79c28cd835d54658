import { describe, expect, it } from 'vitest'
import { parseComposerJson } from '../../../../src/buildpacks/php/composer-json.ts'
import { renderIni } from '../../../../src/buildpacks/php/ini.ts'
import { noteUnknownSettings } from '../../../../src/buildpacks/php/setting-names.ts'
import { noteUserIni, parseUserIni } from '../../../../src/buildpacks/php/user-ini.ts'
import { parseProcfile } from '../../../../src/buildpacks/procfile.ts'

const limits = { memoryMb: 256, uploadMb: 128 }

describe('[php] ini', () => {
  it('becomes a file of PHP settings', () => {
    const settings = {
      memory_limit: '256M',
      'date.timezone': 'Europe/Paris',
      display_errors: true,
      max_input_vars: 9000,
    }
    expect(renderIni(settings, limits)).toBe(
      'memory_limit = "256M"\ndate.timezone = "Europe/Paris"\ndisplay_errors = On\nmax_input_vars = 9000\n',
    )
  })

  it.each([
    ['memory_limit', '257M', 'more than the 256 MB that an instance has'],
    ['memory_limit', -1, 'more than the 256 MB'],
    ['memory_limit', 'lots', 'no size such as'],
    ['upload_max_filesize', '1G', 'more than the 128 MB that a request may have'],
    ['extension', 'evil.so', 'the platform\u2019s'],
    ['Error_Log', '/tmp/x', 'the platform\u2019s'],
    ['a b', '1', 'no name of a PHP setting'],
    ['user_agent', 'x"\nextension=evil.so', 'may not hold quotes'],
    ['user_agent', '${HOME}', 'may not hold quotes'],
  ])('refuses %s = %j', (name, value, words) => {
    expect(() => renderIni({ [name]: value }, limits)).toThrow(
      expect.objectContaining({
        code: 'invalid-site-config',
        details: [expect.stringContaining(`php.ini.${name}: `) && (expect.stringContaining(words) as string)],
      }),
    )
  })
})

describe('a setting that PHP does not know', () => {
  it.each([
    ['memory_limt', '(did you mean memory_limit?)'],
    ['Memory_Limit', '(did you mean memory_limit?)'],
    ['opcache.enabled', '(did you mean opcache.enable?)'],
    ['sesion.gc_maxlifetime', '(did you mean session.gc_maxlifetime?)'],
    ['xdebug.mode', 'no setting xdebug.mode here,'],
  ])('%s is told of', (name, words) => {
    expect(noteUnknownSettings([name])).toEqual([expect.stringContaining(words)])
  })

  it('is none of these', () => {
    const known = [
      'memory_limit',
      'short_open_tag',
      'date.timezone',
      'opcache.enable',
      'engine',
      'session.gc_maxlifetime',
    ]
    expect(noteUnknownSettings([...known, 'variables_order', 'display_errors'])).toEqual([])
  })
})

describe('.user.ini', () => {
  it('is read as PHP reads it', () => {
    const text = '; comment\nmemory_limit = 64M\nname="a ; b" ; why\n[section]\nbroken\n'
    expect(parseUserIni(text)).toEqual([
      { name: 'memory_limit', value: '64M' },
      { name: 'name', value: 'a ; b' },
    ])
  })

  it('is told about limits that it cannot lift', () => {
    expect(noteUserIni({ folder: 'sub', text: 'memory_limit=1G\npost_max_size=8M' }, limits)).toEqual([
      'sub/.user.ini: memory_limit: 1G is more than the 256 MB that an instance has',
    ])
  })
})

describe('a .user.ini with a mistake', () => {
  it('is told which line is no setting', () => {
    const text = '; comment\n\nmemory_limit = 64M\n[section]\n[[[ = (\nname[] = x\n'
    expect(noteUserIni({ folder: '', text }, limits)).toEqual([
      '.user.ini: line 5 is no setting (name = value)',
      '.user.ini: line 6 is no setting (name = value)',
    ])
    expect(noteUserIni({ folder: '', text: '<html>\n'.repeat(100) }, limits)).toHaveLength(3)
  })
})

describe('composer.json', () => {
  it('tells what it requires', () => {
    expect(parseComposerJson('{"require":{"php":"^8"}}')).toEqual({ require: { php: '^8' }, needsInstall: true })
    expect(parseComposerJson('{"require":[],"anything":{}}')).toEqual({ require: {}, needsInstall: false })
  })

  it.each(['{', '[]', '{"require":{"php":8}}'])('is refused when it is %s', (text) => {
    expect(() => parseComposerJson(text)).toThrow(expect.objectContaining({ code: 'invalid-site-config' }))
  })
})

describe('Procfile', () => {
  it('has a release command, workers and a web process that is the platform\u2019s', () => {
    expect(
      parseProcfile(
        '# processes\nweb: vendor/bin/heroku-php\nrelease: php migrate.php: now\r\nqueue:  php work.php \n',
      ),
    ).toEqual({
      releaseCommand: 'php migrate.php: now',
      workers: { queue: 'php work.php' },
      hasWeb: true,
    })
    expect(parseProcfile('')).toEqual({ workers: {}, hasWeb: false })
  })

  it('is refused with the lines that are wrong', () => {
    expect(() => parseProcfile('a: b\nnothing\na: c\n')).toThrow(
      expect.objectContaining({ message: 'There are 2 mistakes in Procfile' }),
    )
  })
})
