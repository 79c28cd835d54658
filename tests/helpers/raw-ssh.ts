// An SSH client that says what OpenSSH's would not: any bytes as a command, of any length.
import { readFile } from 'node:fs/promises'
import ssh2 from 'ssh2'
import type { Person } from './person.ts'

export interface RawAnswer {
  /** Undefined: the connection ended without an answer. */
  readonly exitCode: number | undefined
  readonly output: string
}

/** Runs one command line on a connection of its own. */
export async function rawSsh(person: Person, port: number, commandLine: string): Promise<RawAnswer> {
  const client = new ssh2.Client()
  const privateKey = await readFile(person.keyFile)
  let output = ''
  let exitCode: number | undefined
  try {
    await new Promise<void>((resolve, reject) => {
      // An end of the connection is an answer, too.
      client.once('error', () => resolve()).once('close', resolve)
      client.once('ready', () =>
        client.exec(commandLine, (error, channel) => {
          if (error !== undefined) {
            reject(error)
            return
          }
          for (const stream of [channel, channel.stderr])
            stream.on('data', (data: Buffer) => (output += data.toString()))
          channel.once('exit', (code: number) => (exitCode = code)).once('close', resolve)
          channel.end()
        }),
      )
      client.connect({ host: '127.0.0.1', port, username: 'git', privateKey })
    })
  } finally {
    client.end()
  }
  return { exitCode, output }
}
