// Which files are worth compressing, read from the one list that both web servers use (nginx/mime.types).
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'

export interface MediaTypes {
  /** The list itself, in nginx's syntax. */
  readonly text: string
  /** Extensions, lower case, without the dot. */
  readonly compressible: ReadonlySet<string>
}

const file = join(import.meta.dirname, '../../../nginx/mime.types')
let loaded: Promise<MediaTypes> | undefined

export function loadMediaTypes(): Promise<MediaTypes> {
  return (loaded ??= readFile(file, 'utf8').then(parseMediaTypes))
}

export function parseMediaTypes(text: string): MediaTypes {
  const types = new Set(['text/html', ...words(/^gzip_types([^;]*);/m.exec(text)?.[1])])
  const entries = [...(/^types \{([^}]*)\}/m.exec(text)?.[1] ?? '').matchAll(/([^;]+);/g)].map((match) =>
    words(match[1]),
  )
  return {
    text,
    compressible: new Set(entries.flatMap(([type, ...extensions]) => (types.has(type ?? '') ? extensions : []))),
  }
}

function words(text = ''): string[] {
  return text.split(/\s+/).filter((word) => word !== '')
}

export function extensionOf(path: string): string {
  return /\.([^./]+)$/.exec(path)?.[1]?.toLowerCase() ?? ''
}
