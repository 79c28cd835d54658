// Requests as clients of the edge make them: over any address and connection, and raw bytes where a well-behaved client refuses.
import { type Agent, type IncomingHttpHeaders, request } from 'node:http'
import { connect } from 'node:net'

export interface Answer {
  readonly status: number
  readonly headers: IncomingHttpHeaders
  readonly bytes: Buffer
  readonly text: string
}

export interface Asked {
  readonly port: number
  readonly host: string
  readonly path?: string
  readonly method?: string
  readonly headers?: Readonly<Record<string, string>>
  readonly body?: string | Buffer
  readonly agent?: Agent
  readonly address?: string
}

export async function ask(asked: Asked): Promise<Answer> {
  const { port, host, path = '/', method = 'GET', headers = {}, body, agent, address = '127.0.0.1' } = asked
  return await new Promise((resolve, reject) => {
    const options = { host: address, port, path, method, headers: { host, ...headers }, agent: agent ?? false }
    const outgoing = request(options, (response) => {
      const chunks: Buffer[] = []
      response.on('data', (chunk: Buffer) => chunks.push(chunk))
      response.once('error', reject)
      response.once('end', () => {
        const bytes = Buffer.concat(chunks)
        resolve({ status: response.statusCode ?? 0, headers: response.headers, bytes, text: bytes.toString('utf8') })
      })
    })
    outgoing.once('error', reject).end(body)
  })
}

/** Sends bytes as they are and returns all that comes back until the connection ends. */
export async function sendRaw(port: number, bytes: string, timeoutMs = 3000): Promise<string> {
  return await new Promise((resolve, reject) => {
    const socket = connect(port, '127.0.0.1', () => socket.write(bytes, 'latin1'))
    let text = ''
    socket.setTimeout(timeoutMs, () => socket.destroy())
    socket.setEncoding('latin1').on('data', (chunk: string) => (text += chunk))
    socket.on('error', (error: NodeJS.ErrnoException) => (error.code === 'ECONNRESET' ? resolve(text) : reject(error)))
    socket.on('close', () => resolve(text))
  })
}
