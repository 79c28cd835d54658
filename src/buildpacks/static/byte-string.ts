// File names are bytes, and may not be UTF-8. Here they are "byte strings": one character a byte (latin1), so that they compare, split
// and match regular expressions just as nginx sees them. They become Buffers again at each call of the file system.

export function fromBytes(bytes: Buffer): string {
  return bytes.toString('latin1')
}

export function toBytes(byteString: string): Buffer {
  return Buffer.from(byteString, 'latin1')
}

/** The byte string of ordinary text. */
export function fromText(text: string): string {
  return Buffer.from(text, 'utf8').toString('latin1')
}

/** Ordinary text to show to a person; what is not UTF-8 shows as U+FFFD. */
export function toText(byteString: string): string {
  return Buffer.from(byteString, 'latin1').toString('utf8')
}

/** Decodes %XX; a % that starts none stays. */
export function percentDecode(byteString: string): string {
  return byteString.replace(/%([0-9a-f]{2})/gi, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)))
}

/** Encodes whatever may not stand in a URL as it is; what is encoded already stays. */
export function percentEncode(byteString: string): string {
  return byteString.replace(/%(?![0-9a-f]{2})|[^!#$%&'()*+,\-./0-9:;=?@A-Z[\]_a-z~]/gi, (character) =>
    hexEscape(character),
  )
}

export function hexEscape(character: string, prefix = '%'): string {
  return prefix + character.charCodeAt(0).toString(16).toUpperCase().padStart(2, '0')
}
