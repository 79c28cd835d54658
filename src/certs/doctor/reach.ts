// Whether a name's address leads to this server: a random token is fetched there, as the CA will fetch its own.
import { randomBytes } from 'node:crypto'
import { request } from 'node:http'
import { challengePath, type TokenFiles } from '../challenges/http.ts'

/** `other`: somebody else answered. `unreached`: nobody did, and `why` ends the sentence "port 80 of it …". */
export type Reach = { readonly kind: 'here' | 'other' } | { readonly kind: 'unreached'; readonly why: string }

export interface Visit {
  readonly name: string
  readonly address: string
  readonly port: number
  readonly tokens: TokenFiles
  readonly signal: AbortSignal
}

const timeoutMs = 8000

export async function reach({ tokens, ...visit }: Visit): Promise<Reach> {
  const token = randomBytes(16).toString('base64url')
  const content = randomBytes(16).toString('base64url')
  await tokens.publish(token, content)
  try {
    const body = await fetchText({ ...visit, path: challengePath + token })
    return { kind: body === content ? 'here' : 'other' }
  } catch (error) {
    visit.signal.throwIfAborted()
    return { kind: 'unreached', why: whyOf(error) }
  } finally {
    await tokens.withdraw(token)
  }
}

async function fetchText({
  name,
  address,
  port,
  path,
  signal,
}: Omit<Visit, 'tokens'> & { path: string }): Promise<string> {
  const headers = { host: port === 80 ? name : `${name}:${port}`, 'user-agent': 'hosting' }
  return await new Promise((resolve, reject) => {
    const bounded = AbortSignal.any([signal, AbortSignal.timeout(timeoutMs)])
    const asking = request({ host: address, port, path, headers, agent: false, signal: bounded }, (answer) => {
      const chunks: Buffer[] = []
      answer.on('error', reject)
      // What is no token of ours is not read to its end.
      answer.on('data', (chunk: Buffer) => (chunks.push(chunk) > 4 ? answer.destroy(new Error('too long')) : undefined))
      answer.on('end', () => resolve(Buffer.concat(chunks).toString('utf8').trim()))
    })
    asking.on('error', reject).end()
  })
}

function whyOf(error: unknown): string {
  const code = error instanceof Error && 'code' in error ? String(error.code) : ''
  if (code === 'ECONNREFUSED') return 'is closed'
  if (code === 'ABORT_ERR' || code === 'ETIMEDOUT') return 'does not answer'
  return code === 'EHOSTUNREACH' || code === 'ENETUNREACH' ? 'cannot be reached from here' : 'does not answer properly'
}
