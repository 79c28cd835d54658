// Visitors who ask for pages of a site again and again, over connections they keep, while something happens to it.
import { Agent } from 'node:http'
import { setTimeout as delay } from 'node:timers/promises'
import { type Answer, ask } from './http.ts'

export interface Visiting {
  readonly port: number
  readonly host: string
  /** Two visitors each. */
  readonly paths: readonly string[]
  /** Says what is wrong with an answer, if anything is. `at`: when it was asked for (performance.now()). */
  readonly complain: (answer: Answer, asked: { readonly path: string; readonly at: number }) => string | undefined
}

export interface Visits {
  readonly count: number
  readonly complaints: readonly string[]
}

export async function visitWhile(visiting: Visiting, happening: () => Promise<void>): Promise<Visits> {
  const { port, host, paths, complain } = visiting
  const agent = new Agent({ keepAlive: true })
  const complaints: string[] = []
  let count = 0
  let over = false
  const visit = async (path: string) => {
    while (!over) {
      count++
      const asked = { path, at: performance.now() }
      const complaint = await ask({ port, host, path, agent }).then((answer) => complain(answer, asked), String)
      if (complaint !== undefined) complaints.push(`${path}: ${complaint}`)
      await delay(10)
    }
  }
  const visitors = [...paths, ...paths].map(visit)
  try {
    await happening()
  } finally {
    over = true
    await Promise.all(visitors)
    agent.destroy()
  }
  return { count, complaints }
}
