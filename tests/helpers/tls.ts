// TLS as clients speak it: handshakes with openssl s_client, requests with curl, which resolves any name to this machine.
import { spawn } from 'node:child_process'
import { exec } from '../../src/lib/exec.ts'

interface Curled {
  readonly status: number
  readonly version: string
  readonly headers: Readonly<Record<string, string>>
  readonly body: string
  readonly error: string
}

/** @param args e.g. `--http1.1`, `-H` … */
export async function curl(url: string, ca: string, args: readonly string[] = []): Promise<Curled> {
  const { hostname, port } = new URL(url)
  const resolve = ['--resolve', `${hostname}:${port}:127.0.0.1`]
  const common = ['-sS', '-i', '--cacert', ca, '--max-time', '10', '--suppress-connect-headers']
  const { stdout, stderr } = await exec('curl', [...common, ...resolve, ...args, url])
  const [head = '', ...rest] = stdout.split('\r\n\r\n')
  const [line = '', ...fields] = head.split('\r\n')
  const headers = Object.fromEntries(
    fields.map((field) => [field.slice(0, field.indexOf(':')).toLowerCase(), field.slice(field.indexOf(':') + 2)]),
  )
  const [version = '', status = ''] = line.split(' ')
  return { status: Number(status), version, headers, body: rest.join('\r\n\r\n'), error: stderr }
}

/** What `openssl s_client` says of a handshake, and of what follows on it. */
export async function sClient(port: number, args: readonly string[], input = ''): Promise<string> {
  return await new Promise((resolve, reject) => {
    const child = spawn('openssl', ['s_client', '-connect', `127.0.0.1:${port}`, ...args])
    let text = ''
    for (const stream of [child.stdout, child.stderr])
      stream.setEncoding('utf8').on('data', (chunk: string) => (text += chunk))
    const late = setTimeout(() => child.kill(), 10_000)
    child.once('error', reject).once('close', () => {
      clearTimeout(late)
      resolve(text)
    })
    child.stdin.on('error', () => undefined)
    child.stdin.end(input)
  })
}
