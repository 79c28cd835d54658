// `[php] ini` of hosting.toml: which settings a site may make, and their file in the release. Pure.
import { type Problem, refuseProblems } from '../problem.ts'

export interface IniLimits {
  /** Of an instance. */
  readonly memoryMb: number
  /** Largest request body that the edge lets through. */
  readonly uploadMb: number
}

export type IniValue = string | number | boolean
export type IniSettings = Readonly<Record<string, IniValue>>

/** Wired by the platform: errors go to the site's log, mail through its relay, code comes from the image. */
const wired = new Set([
  'error_log',
  'log_errors',
  'extension',
  'extension_dir',
  'zend_extension',
  'sendmail_path',
  'mail.log',
  'user_ini.filename',
  'doc_root',
  'cgi.fix_pathinfo',
])

const sizes = new Map<string, (limits: IniLimits) => { mb: number; what: string }>([
  ['memory_limit', ({ memoryMb }) => ({ mb: memoryMb, what: 'an instance has' })],
  ['upload_max_filesize', ({ uploadMb }) => ({ mb: uploadMb, what: 'a request may have' })],
  ['post_max_size', ({ uploadMb }) => ({ mb: uploadMb, what: 'a request may have' })],
])

/** @throws HostingError invalid-site-config, listing every setting that is refused */
export function renderIni(settings: IniSettings, limits: IniLimits): string {
  refuseProblems(
    Object.entries(settings).flatMap(([name, value]) => {
      const text = findIniProblem(name, value, limits)
      return text === undefined ? [] : [{ file: 'hosting.toml', key: `php.ini.${name}`, text } satisfies Problem]
    }),
  )
  return Object.entries(settings)
    .map(([name, value]) => `${name} = ${renderValue(value)}\n`)
    .join('')
}

function findIniProblem(name: string, value: IniValue, limits: IniLimits): string | undefined {
  if (!/^[a-z][a-z0-9_]*(\.[a-z0-9_]+)*$/i.test(name)) return 'this is no name of a PHP setting'
  if (wired.has(name.toLowerCase())) return 'this setting is the platform\u2019s'
  // Inside of quotes PHP expands ${…} and ends at the next quote.
  if (typeof value === 'string' && /[\0-\x1f\x7f"]|\$\{/.test(value))
    return 'a value may not hold quotes, line ends or ${'
  return findSizeProblem(name.toLowerCase(), value, limits)
}

/** For .user.ini too, whose author is told instead of refused. */
export function findSizeProblem(name: string, value: IniValue, limits: IniLimits): string | undefined {
  const limit = sizes.get(name)?.(limits)
  if (limit === undefined) return undefined
  const bytes = parseSize(String(value))
  if (bytes === undefined) return `"${value}" is no size such as "64M"`
  if (bytes >= 0 && bytes <= limit.mb * mega) return undefined
  return `${value} is more than the ${limit.mb} MB that ${limit.what}`
}

const mega = 1024 * 1024
const units = { '': 1, k: 1024, m: mega, g: 1024 * mega } as const

/** PHP's shorthand notation; -1 means without limit. */
function parseSize(text: string): number | undefined {
  const [, digits, unit = ''] = /^\s*(-?\d+)\s*([kmg]?)b?\s*$/i.exec(text) ?? []
  const factor = Object.entries(units).find(([name]) => name === unit.toLowerCase())?.[1]
  return digits === undefined || factor === undefined ? undefined : Number(digits) * factor
}

function renderValue(value: IniValue): string {
  if (typeof value === 'boolean') return value ? 'On' : 'Off'
  return typeof value === 'number' ? String(value) : `"${value}"`
}
