// Somebody who fills in an application's pages: keeps cookies, follows redirections, sends forms with what is hidden in them.
import { crc32, deflateSync } from 'node:zlib'
import { type Answer, ask } from './http.ts'

export interface Upload {
  readonly name: string
  readonly type: string
  readonly content: Buffer
}

export type Fields = Readonly<Record<string, string | Upload>>

export interface Page extends Answer {
  /** Where the redirections led. */
  readonly path: string
}

const maxRedirections = 5

export class Browser {
  readonly #port: number
  readonly #host: string
  readonly #cookies = new Map<string, string>()

  constructor({ httpPort }: { httpPort: number }, site: string) {
    this.#port = httpPort
    this.#host = `${site}.localhost:${httpPort}`
  }

  get origin(): string {
    return `http://${this.#host}`
  }

  async get(path: string): Promise<Page> {
    return await this.#go(path, {})
  }

  async post(path: string, fields: Fields): Promise<Page> {
    const isMultipart = Object.values(fields).some((value) => typeof value !== 'string')
    return await this.#go(path, { method: 'POST', ...(isMultipart ? multipart(fields) : urlEncoded(fields)) })
  }

  async #go(path: string, sent: { method?: string; headers?: Record<string, string>; body?: Buffer }): Promise<Page> {
    let next = path
    let how = sent
    for (let hop = 0; hop <= maxRedirections; hop++) {
      const headers = { ...how.headers, ...this.#cookieHeader() }
      const answer = await ask({ ...how, port: this.#port, host: this.#host, path: next, headers })
      this.#remember(answer)
      const { location } = answer.headers
      if (location === undefined || answer.status < 300 || answer.status > 399) return { ...answer, path: next }
      const to = new URL(location, `${this.origin}${next}`)
      if (to.host !== this.#host) throw new Error(`${next} leads away, to ${location}`)
      next = to.pathname + to.search
      how = {}
    }
    throw new Error(`${path} redirects for ever, at last to ${next}`)
  }

  #cookieHeader(): Record<string, string> {
    const cookie = [...this.#cookies].map(([name, value]) => `${name}=${value}`).join('; ')
    return cookie === '' ? {} : { cookie }
  }

  #remember({ headers }: Answer): void {
    for (const line of headers['set-cookie'] ?? []) {
      const [, name = '', value = ''] = /^([^=]+)=([^;]*)/.exec(line) ?? []
      this.#cookies.set(name, value)
    }
  }
}

/** What a form would send if nobody touched it: its inputs, but for unchecked boxes and buttons. `marker`: a text of its opening tag. */
export function formFields(html: string, marker: string): Record<string, string> {
  const form = html.split('<form').find((part) => part.slice(0, part.indexOf('>')).includes(marker))
  if (form === undefined) throw new Error(`No form with ${marker} in:\n${html.slice(0, 4000)}`)
  const inputs = form.slice(0, form.indexOf('</form')).matchAll(/<input\b[^>]*>/g)
  return Object.fromEntries(
    [...inputs].flatMap(([tag]) => {
      const [name, type] = [attribute(tag, 'name'), attribute(tag, 'type') ?? 'text']
      const isSent = !/submit|button|image|file/.test(type) && (!/checkbox|radio/.test(type) || /\schecked\b/.test(tag))
      return name !== undefined && isSent ? [[name, attribute(tag, 'value') ?? '']] : []
    }),
  )
}

function attribute(tag: string, name: string): string | undefined {
  const [, double, single] = new RegExp(`\\s${name}=(?:"([^"]*)"|'([^']*)')`).exec(tag) ?? []
  return (double ?? single)?.replaceAll('&quot;', '"').replaceAll('&#039;', "'").replaceAll('&amp;', '&')
}

function urlEncoded(fields: Fields) {
  const form = new URLSearchParams()
  for (const [name, value] of Object.entries(fields)) if (typeof value === 'string') form.append(name, value)
  return { headers: { 'content-type': 'application/x-www-form-urlencoded' }, body: Buffer.from(form.toString()) }
}

const boundary = '----a-boundary-that-nothing-contains'

function multipart(fields: Fields) {
  const parts = Object.entries(fields).map(([name, value]) => {
    const head = `--${boundary}\r\nContent-Disposition: form-data; name="${name}"`
    if (typeof value === 'string') return Buffer.from(`${head}\r\n\r\n${value}\r\n`)
    const file = `${head}; filename="${value.name}"\r\nContent-Type: ${value.type}\r\n\r\n`
    return Buffer.concat([Buffer.from(file), value.content, Buffer.from('\r\n')])
  })
  const body = Buffer.concat([...parts, Buffer.from(`--${boundary}--\r\n`)])
  return { headers: { 'content-type': `multipart/form-data; boundary=${boundary}` }, body }
}

/** A PNG of one colour, for an upload that an application looks into and makes smaller ones of. */
export function picture(name: string, width = 640, height = 480): Upload {
  const header = Buffer.alloc(13)
  header.writeUInt32BE(width, 0)
  header.writeUInt32BE(height, 4)
  header.set([8, 2], 8)
  const line = Buffer.alloc(1 + width * 3, 0x7f)
  line[0] = 0
  const pixels = deflateSync(Buffer.concat(Array.from({ length: height }, () => line)))
  const signature = Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a])
  const content = Buffer.concat([
    signature,
    chunk('IHDR', header),
    chunk('IDAT', pixels),
    chunk('IEND', Buffer.alloc(0)),
  ])
  return { name, type: 'image/png', content }
}

function chunk(type: string, data: Buffer): Buffer {
  const body = Buffer.concat([Buffer.from(type), data])
  const framed = Buffer.alloc(body.length + 8)
  framed.writeUInt32BE(data.length, 0)
  body.copy(framed, 4)
  framed.writeUInt32BE(crc32(body), body.length + 4)
  return framed
}
