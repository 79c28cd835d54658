// How an error looks in a terminal: message, details indented, hint. Text from tenants is made harmless first.
import type { HostingError } from './hosting-error.ts'

/**
 * Replaces what could steer a terminal (C0, DEL, C1 controls, bidirectional overrides) by a visible escape; keeps tabs.
 * Source: ECMA-48 control functions; Unicode TR 36 on bidirectional text.
 */
export function printable(text: string): string {
  return text.replace(
    // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
    /[\u0000-\u0008\u000a-\u001f\u007f-\u009f\u200e\u200f\u202a-\u202e\u2066-\u2069]/g,
    (char) => `\\x${char.charCodeAt(0).toString(16).padStart(2, '0')}`,
  )
}

/** The lines to print for an error, without line ends. */
export function renderError(error: HostingError): string[] {
  const details = error.details.map((line) => `    ${printable(line)}`)
  const hint = error.hint === undefined ? [] : error.hint.split('\n').map((line) => `  → ${printable(line)}`)
  return [
    ...error.message.split('\n').map((line, index) => (index === 0 ? `✗ ${printable(line)}` : `  ${printable(line)}`)),
    ...details,
    ...hint,
  ]
}
