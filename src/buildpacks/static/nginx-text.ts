// The one place that quotes text for nginx. Inside quotes nginx knows the escapes \" \\ \t \r \n and, in values, variables: `$` can't be
// escaped, so that a constant variable stands for it (`geo $dollar` in nginx.ts). Text is a byte string (byte-string.ts).

/** A token longer than nginx's configuration buffer (4096) is refused by nginx: "too long parameter". */
const maxToken = 4000

/** A value in which nginx would expand variables, with nothing to expand. */
export function quoteValue(text: string): string {
  return quoteTemplate(escapeValue(text))
}

/** Text to be put into a template beside variables. */
export function escapeValue(text: string): string {
  return text.replaceAll('$', '\0').replace(/["\\]/g, '\\$&').replaceAll('\0', `\${dollar}`)
}

/** A value made of `escapeValue` pieces and `${variable}` references. */
export function quoteTemplate(template: string): string {
  return `"${template}"`
}

/** A regular expression as the key of a map or an argument of rewrite and if: nothing is expanded in those. */
export function quoteRegex(source: string): string {
  return `"~${source.replace(/["\\]/g, '\\$&')}"`
}

export function fitsNginx(token: string): boolean {
  return token.length <= maxToken
}

export function hasControlCharacter(text: string): boolean {
  return /[\0-\x1f\x7f]/.test(text)
}
