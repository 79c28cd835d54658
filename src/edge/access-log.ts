// One line of a site's access log: the format that nginx writes, and the way back. Both stand here so that they can't drift apart.
import { z } from 'zod'

/**
 * The names are ours, the variables nginx's. Every value is a string: nginx writes `000` and `-` where a number is missing.
 * Names are one letter or a short word: each request of every site pays for them on the disk.
 */
const fields = {
  t: 'msec',
  a: 'remote_addr',
  m: 'request_method',
  h: 'host',
  u: 'request_uri',
  s: 'status',
  b: 'body_bytes_sent',
  d: 'request_time',
  r: 'http_referer',
  ua: 'http_user_agent',
} as const

/** The value of nginx's `log_format … escape=json`. */
export const accessLogFormat = `{${Object.entries(fields)
  .map(([name, variable]) => `"${name}":"$${variable}"`)
  .join(',')}}`

export interface AccessLogEntry {
  readonly time: Date
  readonly address: string
  readonly method: string
  readonly host: string
  readonly uri: string
  readonly status: number
  readonly bytes: number
  readonly durationMs: number
  readonly referrer?: string
  readonly userAgent?: string
}

const number = z.coerce.number().catch(0)
const optional = z.string().transform((text) => (text === '' || text === '-' ? undefined : text))
const lineSchema = z.object({
  t: z.coerce.number(),
  a: z.string(),
  m: z.string(),
  h: z.string(),
  u: z.string(),
  s: number,
  b: number,
  d: number,
  r: optional,
  ua: optional,
})

/** Reads one line; undefined when it is not one of ours (cut by a full disk, edited by hand). */
export function parseAccessLogLine(line: string): AccessLogEntry | undefined {
  const parsed = lineSchema.safeParse(parseJson(line))
  if (!parsed.success) return undefined
  const { t, a, m, h, u, s, b, d, r, ua } = parsed.data
  return {
    time: new Date(Math.round(t * 1000)),
    address: a,
    method: m,
    host: h,
    uri: u,
    status: s,
    bytes: b,
    durationMs: Math.round(d * 1000),
    ...(r === undefined ? {} : { referrer: r }),
    ...(ua === undefined ? {} : { userAgent: ua }),
  }
}

function parseJson(line: string): unknown {
  try {
    return JSON.parse(line)
  } catch {
    return undefined
  }
}

/** One line for people: time, status, duration, request, what was sent, who asked. Not yet made printable. */
export function renderAccessLogEntry(entry: AccessLogEntry): string {
  const { time, address, method, host, uri, status, bytes, durationMs } = entry
  return `${time.toISOString()} ${status} ${durationMs} ms ${method} ${host}${uri} ${bytes} B ${address}`
}
