// Asks the nginx that serves which configuration it uses. Another program on our port can't give the right answer.
import { request } from 'node:http'
import type { Clock } from '../lib/clock.ts'
import { versionHost } from './nginx-config.ts'

/** The version, or undefined when nobody answers, or somebody else does. */
export async function findServedVersion(port: number): Promise<string | undefined> {
  return await new Promise((resolve) => {
    const options = { host: '127.0.0.1', port, headers: { host: versionHost }, timeout: 1000, agent: false }
    const outgoing = request(options, (response) => {
      let text = ''
      response.setEncoding('utf8').on('data', (chunk: string) => (text += chunk.slice(0, 64)))
      response.on('end', () => resolve(response.statusCode === 200 ? text : undefined))
      response.on('error', () => resolve(undefined))
    })
    outgoing
      .on('timeout', () => outgoing.destroy())
      .on('error', () => resolve(undefined))
      .end()
  })
}

interface Awaited {
  readonly port: number
  readonly version: string
  readonly timeoutMs: number
  readonly clock: Clock
}

/** Waits until a version is served; false when it isn't within the time limit. */
export async function isServed({ port, version, timeoutMs, clock }: Awaited): Promise<boolean> {
  const end = clock.now().getTime() + timeoutMs
  // During a reload old workers still answer beside new ones: three answers in a row.
  for (let answers = 0; answers < 3; ) {
    if ((await findServedVersion(port)) === version) answers += 1
    else if (clock.now().getTime() > end) return false
    else {
      answers = 0
      await clock.sleep(25)
    }
  }
  return true
}
