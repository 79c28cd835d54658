// The header of a mail (RFC 5322, 3.6) as it leaves the platform: what the application wrote, what is missing, and whose it is.
// Bytes are latin1 characters here: nothing is decoded, nothing lost.

export interface Origin {
  readonly site: string
  /** Envelope sender. */
  readonly sender: string
  /** Without angle brackets; used where the mail has none. */
  readonly messageId: string
  readonly date: Date
}

export interface CompleteHeader {
  /** With the empty line at its end. */
  readonly text: string
  readonly messageId: string
}

/** By this the operator of the relay is told whose mail it is. A site can't set it. */
const siteField = 'X-Hosting-Site'
/** Ours to say, or (Bcc) nobody else's business. */
const dropped = new Set([siteField.toLowerCase(), 'return-path', 'bcc', 'resent-bcc'])
const fieldName = /^([!-9;-~]+)[ \t]*:/

/** Where the header ends and the body begins; undefined while there is no empty line. */
export function bodyStart(message: string): number | undefined {
  const match = /(?:^|\n)\r*\n/.exec(message)
  return match === null ? undefined : match.index + match[0].length
}

/** @param header up to the empty line */
export function completeHeader(header: string, origin: Origin): CompleteHeader {
  const { fields, rest } = parseFields(header)
  const kept = fields.filter(({ name }) => !dropped.has(name))
  const has = (name: string) => kept.some((field) => field.name === name)
  const messageId = kept.find(({ name }) => name === 'message-id')?.text.replace(/^[^:]*:\s*/, '')
  const lines = [
    `${siteField}: ${origin.site}`,
    ...kept.map(({ text }) => text),
    ...(has('from') ? [] : [`From: ${origin.sender}`]),
    ...(has('date') ? [] : [`Date: ${origin.date.toUTCString().replace('GMT', '+0000')}`]),
    ...(messageId === undefined ? [`Message-ID: <${origin.messageId}>`] : []),
  ]
  return { text: `${lines.join('\r\n')}\r\n\r\n${rest}`, messageId: messageId ?? `<${origin.messageId}>` }
}

/** From the first line on that is no field, all is taken for the body, as mail servers do. */
function parseFields(header: string): { fields: { name: string; text: string }[]; rest: string } {
  const texts = header
    .split(/\r*\n(?![ \t])/)
    // A lone CR would be a line end to some.
    .map((text) => text.replace(/\r*\n/g, '\r\n').replace(/\r(?!\n)/g, ' '))
    .filter((text) => text !== '')
  const parsed = texts.map((text) => ({ name: fieldName.exec(text)?.[1]?.toLowerCase(), text }))
  const end = parsed.findIndex(({ name }) => name === undefined)
  const known = end === -1 ? parsed : parsed.slice(0, end)
  const rest = end === -1 ? [] : texts.slice(end)
  return {
    fields: known.flatMap(({ name, text }) => (name === undefined ? [] : [{ name, text }])),
    rest: rest.map((text) => `${text}\r\n`).join(''),
  }
}
