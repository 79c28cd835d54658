// The protocol of the control socket: frames of a length (4 bytes, big-endian, without itself), a type (1 byte) and a payload.
// It is spoken between a daemon and the `hosting` command of the same release: no versions, nothing optional.
import { z } from 'zod'

const size = z.strictObject({ columns: z.number(), rows: z.number() })

/** From the client; `open` comes first and once. */
export const clientMessages = {
  open: z.strictObject({
    /** Absent: a login without a command. */
    commandLine: z.string().optional(),
    terminal: size.optional(),
    /** Standard input is a terminal too; once it is read from, it is in raw mode. */
    keys: z.boolean(),
  }),
  resize: size,
  interrupt: z.null(),
  stdinEnd: z.null(),
}
/** From the daemon. */
export const daemonMessages = {
  /**
   * How many more bytes of standard input the client may send. None before the first: a command that reads nothing
   * takes nothing away from the script around it.
   */
  credit: z.number().int().positive(),
  exit: z.number().int(),
}

const codes = {
  open: 1,
  stdin: 2,
  stdinEnd: 3,
  resize: 4,
  interrupt: 5,
  stdout: 16,
  stderr: 17,
  credit: 18,
  exit: 19,
} as const
export type FrameType = keyof typeof codes

export interface Frame {
  readonly type: FrameType
  readonly payload: Buffer
}

const maxBytesOfData = 64 * 1024
const maxPayload = 1024 * 1024
const names = new Map<number, FrameType>(Object.entries(codes).map(([name, code]) => [code, name as FrameType]))

export function encodeMessage(type: FrameType, message: unknown): Buffer {
  return encode(type, Buffer.from(JSON.stringify(message)))
}

/** As many frames as the data needs. */
export function encodeData(type: 'stdin' | 'stdout' | 'stderr', data: Buffer): Buffer {
  const frames: Buffer[] = []
  for (let from = 0; from < data.length; from += maxBytesOfData)
    frames.push(encode(type, data.subarray(from, from + maxBytesOfData)))
  return Buffer.concat(frames)
}

function encode(type: FrameType, payload: Buffer): Buffer {
  const head = Buffer.alloc(5)
  head.writeUInt32BE(payload.length + 1)
  head.writeUInt8(codes[type], 4)
  return Buffer.concat([head, payload])
}

/** Reads a message's payload. Throws when it is not what the protocol says. */
export function decodeMessage<T>(schema: z.ZodType<T>, { payload }: Frame): T {
  return schema.parse(JSON.parse(payload.toString('utf8')))
}

/** Takes bytes as they come and hands on each frame once it is whole. What it returns throws when the bytes are not frames. */
export function createFrameReader(take: (frame: Frame) => void): (chunk: Buffer) => void {
  let rest = Buffer.alloc(0)
  return (chunk) => {
    rest = rest.length === 0 ? Buffer.from(chunk) : Buffer.concat([rest, chunk])
    for (let frame = firstFrame(rest); frame !== undefined; frame = firstFrame(rest)) {
      rest = rest.subarray(5 + frame.payload.length)
      take(frame)
    }
  }
}

function firstFrame(bytes: Buffer): Frame | undefined {
  if (bytes.length < 5) return undefined
  const length = bytes.readUInt32BE() - 1
  const type = names.get(bytes.readUInt8(4))
  if (type === undefined || length < 0 || length > maxPayload) throw new Error('These bytes are not a frame')
  return bytes.length < 5 + length ? undefined : { type, payload: bytes.subarray(5, 5 + length) }
}
