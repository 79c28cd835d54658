// What a .htaccess asks for, as far as another server can do the same: denying a folder, or turning PHP off in it. Pure.

export type HtaccessSays = 'nothing' | 'deny' | 'no-php' | 'more'

/** Says that it changes nothing for a server that lists no folders and follows links only inside. */
const idle = [
  /^<\/?ifmodule\b.*>$/,
  /^options( (-indexes|-multiviews|[+-]?(followsymlinks|symlinksifownermatch)|-execcgi))+$/,
  /^(satisfy all|indexignore \S.*)$/,
]
const order = /^order (allow,deny|deny,allow)$/
const denying = /^(require all denied|deny from all)$/
const phpOff =
  /^(php_flag engine (off|0)|php_admin_flag engine off|remove(handler|type) (\.?(php\d?|phtml|phar|inc|html?|shtml|pl|py|cgi) ?)+|sethandler none)$/

/** `more` is whatever only Apache can do. A folder that is denied on one condition and not on another is `more`, too. */
export function readHtaccess(text: string): HtaccessSays {
  const lines = text
    .replace(/\\\r?\n/g, ' ')
    .split(/\r?\n/)
    .map((line) => line.trim().replace(/\s+/g, ' ').replaceAll('"', '').toLowerCase())
    .filter((line) => line !== '' && !line.startsWith('#'))
  const acting = lines.filter((line) => !idle.some((pattern) => pattern.test(line)))
  if (acting.length === 0) return 'nothing'
  if (acting.every((line) => order.test(line) || denying.test(line)) && acting.some((line) => denying.test(line)))
    return 'deny'
  return acting.every((line) => phpOff.test(line)) ? 'no-php' : 'more'
}

/** Whether a .htaccess has no lines but those an application is known to write, comments aside. */
export function hasOnlyLines(text: string, known: readonly string[]): boolean {
  const normal = (line: string) => line.trim().replace(/\s+/g, ' ')
  const set = new Set(known.map(normal))
  return text
    .split(/\r?\n/)
    .map(normal)
    .every((line) => line === '' || line.startsWith('#') || set.has(line))
}
