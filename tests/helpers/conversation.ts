// A program that goes on while a test does other things: what it has said so far, what is typed to it, and its end.
import { type Child, ended, killGroup, start } from '../../src/lib/exec.ts'
import { until } from './until.ts'

export class Conversation {
  readonly #child: Child
  readonly #ended: Promise<number>
  #output = ''

  constructor(file: string, args: readonly string[], env: Readonly<Record<string, string>>) {
    this.#child = start(file, args, { env })
    for (const stream of [this.#child.stdout, this.#child.stderr])
      stream?.setEncoding('utf8').on('data', (text: string) => (this.#output += text))
    this.#child.stdin?.on('error', () => undefined)
    this.#ended = ended(this.#child)
    this.#ended.catch(() => undefined)
  }

  /** Both streams, as a person would see them. */
  get output(): string {
    return this.#output
  }

  type(keys: string): void {
    this.#child.stdin?.write(keys)
  }

  /** Waits until a text has been said. */
  async says(text: string, timeoutMs = 15_000): Promise<void> {
    await until(`"${text}"`, () => this.#output.includes(text), timeoutMs).catch((error: unknown) => {
      throw new Error(`${String(error)}; it said:\n${this.#output}`, { cause: error })
    })
  }

  /** Its exit status, when it ends by itself. */
  async ended(): Promise<number> {
    return await this.#ended
  }

  async [Symbol.asyncDispose](): Promise<void> {
    killGroup(this.#child.pid)
    await this.#ended
  }
}
