// .user.ini files: php-fpm reads them by itself; for Apache's mod_php, which doesn't, they become part of its configuration. Pure.
import { findSizeProblem, type IniLimits } from './ini.ts'

export interface UserIni {
  /** Folder below the document root, "" for itself (byte string). */
  readonly folder: string
  readonly text: string
}

export interface UserSetting {
  readonly name: string
  readonly value: string
}

/** Of a file that is something else altogether, the first few say enough. */
const maxOdd = 3
const setting = /^\s*([a-z][\w.]*)\s*=\s*(?:"([^"]*)"|([^;"]*))\s*(?:;.*)?$/i
/** Empty, a comment, or the head of a section, which says nothing here. */
const silent = /^\s*(?:[;#].*|\[[^[\]]*\]\s*)?$/

/** What PHP would read of it: `name = value`, quotes around the value or not, comments after a semicolon. */
export function parseUserIni(text: string): UserSetting[] {
  return text.split(/\r?\n/).flatMap((line) => {
    const [, name, quoted, plain] = setting.exec(line) ?? []
    const value = quoted ?? plain?.trim()
    return name === undefined || value === undefined ? [] : [{ name, value }]
  })
}

/** What is worth telling the pusher: lines that are no settings, and limits that a .user.ini cannot lift. */
export function noteUserIni({ folder, text }: UserIni, limits: IniLimits): string[] {
  const file = folder === '' ? '.user.ini' : `${folder}/.user.ini`
  const odd = text.split(/\r?\n/).flatMap((line, index) => {
    return setting.test(line) || silent.test(line) ? [] : [`${file}: line ${index + 1} is no setting (name = value)`]
  })
  const tooLarge = parseUserIni(text).flatMap(({ name, value }) => {
    const problem = findSizeProblem(name.toLowerCase(), value, limits)
    return problem === undefined ? [] : [`${file}: ${name}: ${problem}`]
  })
  return [...odd.slice(0, maxOdd), ...tooLarge]
}
