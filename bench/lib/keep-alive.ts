// One kept-alive connection to the edge, as a visitor who stays has it.
import { once } from 'node:events'
import { Agent, type IncomingMessage, request } from 'node:http'

interface Asked {
  readonly host: string
  readonly path: string
}

export class KeepAlive {
  readonly #agent = new Agent({ keepAlive: true, maxSockets: 1 })
  readonly #port: number

  constructor(port: number) {
    this.#port = port
  }

  /** Resolves as soon as the head of the answer is there. */
  async open({ host, path }: Asked): Promise<IncomingMessage> {
    const options = { host: '127.0.0.1', port: this.#port, path, headers: { host }, agent: this.#agent }
    const asked = request(options).end()
    const [response] = (await once(asked, 'response')) as [IncomingMessage]
    return response
  }

  async get(asked: Asked): Promise<{ status: number; body: Buffer }> {
    const response = await this.open(asked)
    const chunks: Buffer[] = []
    for await (const chunk of response as AsyncIterable<Buffer>) chunks.push(chunk)
    return { status: response.statusCode ?? 0, body: Buffer.concat(chunks) }
  }

  close(): void {
    this.#agent.destroy()
  }
}
