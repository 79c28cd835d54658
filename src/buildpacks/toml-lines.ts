// Finds the line of a key in a TOML file that has been parsed already: the parser gives lines for syntax errors only.

type Path = readonly PropertyKey[]

interface Place {
  readonly path: readonly string[]
  readonly line: number
}

/** The line of a key (or of the closest table or key around it); undefined when the file doesn't name it. */
export function findKeyLine(toml: string, path: Path): number | undefined {
  const places = listPlaces(toml)
  const wanted = path.map(String)
  for (let length = wanted.length; length > 0; length--) {
    const found = places.find((place) => samePath(place.path, wanted.slice(0, length)))
    if (found !== undefined) return found.line
  }
  return undefined
}

function listPlaces(toml: string): Place[] {
  const places: Place[] = []
  const counts = new Map<string, number>()
  let table: string[] = []
  for (const [index, text] of toml.split('\n').entries()) {
    const header = /^\s*(\[\[?)\s*([^\]#]+?)\s*\]/.exec(text)
    if (header?.[2] !== undefined) {
      table = splitKey(header[2])
      if (header[1] === '[[') table.push(nextIndex(counts, header[2]))
      places.push({ path: table, line: index + 1 })
      continue
    }
    const key = /^\s*((?:[\w-]+|"[^"]*"|'[^']*')(?:\s*\.\s*(?:[\w-]+|"[^"]*"|'[^']*'))*)\s*=/.exec(text)?.[1]
    if (key !== undefined) places.push({ path: [...table, ...splitKey(key)], line: index + 1 })
  }
  return places
}

function nextIndex(counts: Map<string, number>, name: string): string {
  const index = counts.get(name) ?? 0
  counts.set(name, index + 1)
  return String(index)
}

function splitKey(text: string): string[] {
  return (text.match(/[\w-]+|"[^"]*"|'[^']*'/g) ?? []).map((part) => part.replace(/^["']|["']$/g, ''))
}

function samePath(left: readonly string[], right: readonly string[]): boolean {
  return left.length === right.length && left.every((part, index) => part === right[index])
}
