// Names below which strangers register names (co.uk, github.io): nobody may take one, since whoever has it would speak for all of them.
// The list is Mozilla's (publicsuffix.org), as Debian's package `publicsuffix` keeps it current.
import { readFileSync } from 'node:fs'
import { domainToASCII } from 'node:url'
import { hasErrorCode } from '../lib/files.ts'

const listFile = '/usr/share/publicsuffix/public_suffix_list.dat'

export interface PublicSuffixes {
  /** Whether the whole name is a public suffix. */
  has(name: string): boolean
  /** The public suffix of a name and one label more: what somebody has registered. Undefined for a suffix itself. */
  registrable(name: string): string | undefined
}

let known: PublicSuffixes | undefined

/** Read once, when the first name is asked for: 8 ms. */
export function publicSuffixes(): PublicSuffixes {
  known ??= parsePublicSuffixes(readList())
  return known
}

/** Without the list only names without a dot count as suffixes, as its own rule `*` says. */
function readList(): string {
  try {
    return readFileSync(listFile, 'utf8')
  } catch (error) {
    if (hasErrorCode(error, 'ENOENT')) return ''
    throw error
  }
}

/** By the algorithm of https://publicsuffix.org/list/: `*.ck` is every name of one more label, `!www.ck` is none. */
export function parsePublicSuffixes(text: string): PublicSuffixes {
  const rules = new Set(text.split('\n').flatMap(ruleOf))
  const has = (name: string) =>
    !rules.has(`!${name}`) && (rules.has(name) || rules.has(`*.${above(name)}`) || !name.includes('.'))
  return {
    has,
    registrable(name) {
      if (has(name)) return undefined
      let found = name
      // The longest rule counts, so the walk goes up from the name. A name that is excepted was registered as it is.
      while (!has(above(found)) && !rules.has(`!${found}`)) found = above(found)
      return found
    },
  }
}

/** A rule ends at the first white space. Names in other scripts are listed as people write them. */
function ruleOf(line: string): string[] {
  const [rule = ''] = line.split(/\s/)
  if (rule === '' || rule.startsWith('//')) return []
  const [, mark = '', name = ''] = /^(!|\*\.)?(.*)$/.exec(rule) ?? []
  return [mark + (/^[a-z0-9.-]+$/.test(name) ? name : domainToASCII(name))]
}

function above(name: string): string {
  const dot = name.indexOf('.')
  return dot === -1 ? '' : name.slice(dot + 1)
}
