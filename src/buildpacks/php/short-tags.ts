// PHP between <? and ?>, as pages of twenty years ago have it: PHP shows it to visitors as text unless short_open_tag is on.
// With that, <?xml outside of PHP would be a syntax error: then a site is only told. Reads a bounded part of the sources.
import { open } from 'node:fs/promises'
import { forEachConcurrently } from '../static/concurrently.ts'
import { toBytes, toText } from '../static/byte-string.ts'

/** The first words of PHP that may follow <? at once; elsewhere it may be anything, such as <?mso-application. */
const words =
  'echo|print|if|else|elseif|endif|for|endfor|foreach|endforeach|while|endwhile|switch|(?:include|require)(?:_once)?'
const opening = new RegExp(`<\\?(?:(=|php(?=\\s|$))|(xml)\\b|(?=[\\s$/}]|(?:${words})\\b))`, 'gi')
/** Most files have none, and need not be looked through. */
const odd = /<\?(?!php\s|=)/i
/** The end of PHP code, or what may hold it without meaning it. What nothing closes reaches to the end: never looked through twice. */
const closing =
  /\?>|'[^'\\]*(?:\\.[^'\\]*)*(?:'|\\?$)|"[^"\\]*(?:\\.[^"\\]*)*(?:"|\\?$)|\/\*.*?(?:\*\/|$)|(?:\/\/|#)(?:(?!\?>)[^\r\n])*|<<<[ \t]*["']?(\w+)["']?\r?\n.*?(?:\n[ \t]*\1\b|$)/gs

export interface Tags {
  /** Whether PHP code begins with <? somewhere. */
  readonly short: boolean
  /** Whether <?xml stands outside of PHP code. */
  readonly xml: boolean
}

export function findTags(text: string): Tags {
  if (!odd.test(text)) return { short: false, xml: false }
  let at = 0
  let short = false
  let xml = false
  while (at < text.length && !(short && xml)) {
    opening.lastIndex = at
    const match = opening.exec(text)
    if (match === null) break
    at = opening.lastIndex
    if (match[2] !== undefined) xml = true
    else {
      short ||= match[1] === undefined
      at = endOfCode(text, at)
    }
  }
  return { short, xml }
}

function endOfCode(text: string, start: number): number {
  closing.lastIndex = start
  for (;;) {
    const match = closing.exec(text)
    if (match === null) return text.length
    if (match[0] === '?>') return closing.lastIndex
  }
}

export interface ShortTags {
  readonly ini: string
  readonly told: readonly string[]
}

const nothing: ShortTags = { ini: '', told: [] }
const readBytes = 64 * 1024

/** @param sources paths below `root` (byte strings) */
export async function readShortTags(root: string, sources: readonly string[]): Promise<ShortTags> {
  let short: string | undefined
  let xml: string | undefined
  await forEachConcurrently(sources, async (path) => {
    if (short !== undefined && xml !== undefined) return
    const tags = findTags(await readHead(`${root}/${path}`))
    if (tags.short && (short === undefined || path < short)) short = path
    if (tags.xml && (xml === undefined || path < xml)) xml = path
  })
  return short === undefined ? nothing : decide(short, xml)
}

function decide(short: string, xml: string | undefined): ShortTags {
  const begins = `${shown(short)} begins PHP with "<?" instead of "<?php"`
  if (xml === undefined)
    return {
      ini: 'short_open_tag = On\n',
      told: [`${begins}: short_open_tag is on ([php] ini = { short_open_tag = "Off" } in hosting.toml turns it off)`],
    }
  const told =
    `Warning: ${begins}, and visitors will see that code as text. short_open_tag stays off, for ${shown(xml)} has "<?xml" ` +
    `outside of PHP: write <?php echo '<?xml …?>' ?> there, or "<?php" in the former`
  return { ini: '', told: [told] }
}

function shown(path: string): string {
  return toText(path).replace(/[\0-\x1f\x7f]/g, '\uFFFD')
}

/** Its bytes, one character each. */
async function readHead(path: string): Promise<string> {
  const file = await open(toBytes(path))
  try {
    const { bytesRead, buffer } = await file.read(Buffer.allocUnsafe(readBytes), 0, readBytes)
    return buffer.toString('latin1', 0, bytesRead)
  } finally {
    await file.close()
  }
}
