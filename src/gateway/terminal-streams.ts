// The little that a terminal in raw mode expects of the other side: line ends, and three keys.

/** A raw terminal needs a carriage return before each line feed. */
export function withCarriageReturns(chunk: Buffer): Buffer {
  if (!chunk.includes(0x0a)) return chunk
  return Buffer.from(chunk.toString('latin1').replace(/\r?\n/g, '\r\n'), 'latin1')
}

export interface TypedKeys {
  /** What was typed before the end. */
  readonly text: Buffer
  /** Ctrl-C was among it. */
  readonly interrupted: boolean
  /** Ctrl-D was among it. */
  readonly ended: boolean
}

/** What a terminal driver does in canonical mode, without echo: acts on Ctrl-C and Ctrl-D and makes Return a line feed. */
export function cookKeys(chunk: Buffer): TypedKeys {
  const end = chunk.indexOf(0x04)
  const typed = end === -1 ? chunk : chunk.subarray(0, end)
  const text = typed.filter((byte) => byte !== 0x03).map((byte) => (byte === 0x0d ? 0x0a : byte))
  return { text: Buffer.from(text), interrupted: chunk.includes(0x03), ended: end !== -1 }
}

export function rawKeys(chunk: Buffer): TypedKeys {
  return { text: chunk, interrupted: false, ended: false }
}

/** Sizes as clients send them, zero and absurd ones included, made usable. */
export function sizeOf(columns: number, rows: number): { columns: number; rows: number } {
  return { columns: between(columns, 80), rows: between(rows, 24) }
}

function between(value: number, otherwise: number): number {
  return Number.isInteger(value) && value > 0 ? Math.min(Math.max(value, 20), 1000) : otherwise
}
