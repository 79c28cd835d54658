// Which server a release gets: nginx with php-fpm, or Apache with mod_php where a .htaccess asks for what only Apache can do. Pure.
import { toText } from '../static/byte-string.ts'
import type { KnownApp } from './known-apps.ts'
import { hasOnlyLines, type HtaccessSays, readHtaccess } from './htaccess.ts'
import type { FolderFile } from './tree-facts.ts'

export interface ChosenServer {
  readonly server: 'fpm' | 'apache'
  readonly why: string
  /** Folders that a .htaccess denies, and those in which it turns PHP off: nginx does the same. */
  readonly denied: readonly string[]
  readonly withoutPhp: readonly string[]
}

export function chooseServer(htaccess: readonly FolderFile[], app: KnownApp | undefined): ChosenServer {
  const said = htaccess.map((file) => ({ folder: file.folder, says: readAs(file, app) }))
  const decisive = said.find(({ says }) => says === 'more')
  const folders = (wanted: HtaccessSays) => said.filter(({ says }) => says === wanted).map(({ folder }) => folder)
  // Denying all of a site, with exceptions further down: only Apache weighs one against the other.
  const all = said.find(({ folder, says }) => folder === '' && says === 'deny')
  const rules = decisive ?? all
  if (rules !== undefined)
    return { server: 'apache', why: `${nameOf(rules.folder)} has rules for it`, denied: [], withoutPhp: [] }
  return { server: 'fpm', why: reason(htaccess.length, app), denied: folders('deny'), withoutPhp: folders('no-php') }
}

function readAs({ folder, text }: FolderFile, app: KnownApp | undefined): HtaccessSays {
  const known = app?.htaccess[nameOf(folder)]
  if (known === 'covered' || (known !== undefined && hasOnlyLines(text, known))) return 'nothing'
  return readHtaccess(text)
}

function nameOf(folder: string): string {
  return folder === '' ? '.htaccess' : `${toText(folder)}/.htaccess`
}

function reason(count: number, app: KnownApp | undefined): string {
  if (count === 0) return 'there is no .htaccess'
  const noun = count === 1 ? 'its .htaccess says' : `its ${count} .htaccess files say`
  return `${noun} nothing that ${app === undefined ? 'it' : `the rules for ${app.name}`} cannot do`
}
