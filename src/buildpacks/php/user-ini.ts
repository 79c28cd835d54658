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

/** What PHP would read of it: `name = value`, quotes around the value or not, comments after a semicolon. */
export function parseUserIni(text: string): UserSetting[] {
  return text.split(/\r?\n/).flatMap((line) => {
    const [, name, quoted, plain] = /^\s*([a-z][\w.]*)\s*=\s*(?:"([^"]*)"|([^;"]*))\s*(?:;.*)?$/i.exec(line) ?? []
    const value = quoted ?? plain?.trim()
    return name === undefined || value === undefined ? [] : [{ name, value }]
  })
}

/** What is worth telling the pusher about limits that a .user.ini cannot lift. */
export function noteUserIni({ folder, text }: UserIni, limits: IniLimits): string[] {
  const file = folder === '' ? '.user.ini' : `${folder}/.user.ini`
  return parseUserIni(text).flatMap(({ name, value }) => {
    const problem = findSizeProblem(name.toLowerCase(), value, limits)
    return problem === undefined ? [] : [`${file}: ${name}: ${problem}`]
  })
}
