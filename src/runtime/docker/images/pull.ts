// Pulls an image, unless no registry answers within seconds.
import { HostingError } from '../../../errors/hosting-error.ts'
import { ask, type Engine } from '../engine.ts'
import { lastError } from './docker-build.ts'
import { type Report, withProgress } from './progress.ts'

/** No sign of life for so long means that nobody answers; a slow download does give signs. */
const silenceMs = 8000

/** @returns false when it cannot be had */
export async function pullImage(engine: Engine, image: string, report: Report): Promise<boolean> {
  try {
    await withProgress({ title: `Pulling ${image}`, report }, (note) => pull(engine, image, note))
    return true
  } catch (error) {
    if (error instanceof HostingError) throw error
    return false
  }
}

async function pull(engine: Engine, image: string, note: Report): Promise<void> {
  const silence = new AbortController()
  const timer = setTimeout(() => silence.abort(), silenceMs)
  try {
    const stream: NodeJS.ReadableStream = await ask(engine.pull(image, { abortSignal: silence.signal }))
    const error = await lastError(stream, (line) => {
      timer.refresh()
      note(line)
    })
    if (error !== undefined) throw new Error(error)
  } finally {
    clearTimeout(timer)
  }
}
