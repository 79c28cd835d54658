// docker build, and what its stream of events says. A failing build ends like any other: only its last event tells.
import { z } from 'zod'
import { HostingError } from '../../../errors/hosting-error.ts'
import { ask, type Engine } from '../engine.ts'
import { jsonLines } from '../json-lines.ts'
import { type ContextFile, packContext } from './family.ts'

export interface ImageBuild {
  readonly tag: string
  readonly files: readonly ContextFile[]
  readonly args: Readonly<Record<string, string>>
  readonly labels: Readonly<Record<string, string>>
  /** Runs every step again instead of using what Docker remembers. */
  readonly fresh: boolean
}

const tailLines = 20

export async function buildImage(engine: Engine, build: ImageBuild, note: (line: string) => void): Promise<void> {
  const stream = await ask(
    engine.buildImage(packContext(build.files), {
      t: build.tag,
      buildargs: { ...build.args },
      labels: { ...build.labels },
      nocache: build.fresh,
      forcerm: true,
      // The host's network: packages come the way the host itself gets them, also where bridges have no way out.
      networkmode: 'host',
    }),
  )
  const tail: string[] = []
  const error = await lastError(stream, (line) => {
    note(line)
    tail.splice(0, tail.push(line) - tailLines)
  })
  if (error !== undefined) throw failed(build.tag, error, tail)
}

const eventSchema = z.looseObject({
  stream: z.string().optional(),
  status: z.string().optional(),
  error: z.string().optional(),
})

/** Reads a stream of events to its end and returns the last error in it. */
export async function lastError(
  stream: NodeJS.ReadableStream,
  note: (line: string) => void,
): Promise<string | undefined> {
  let last: string | undefined
  for await (const event of jsonLines(stream)) {
    const { stream: text, status, error } = eventSchema.parse(event)
    if (error !== undefined) last = error
    const line = (text ?? status ?? '').trim()
    if (line !== '') note(line)
  }
  return last
}

function failed(tag: string, error: string, tail: readonly string[]): HostingError {
  return new HostingError('unavailable', `Docker could not build the image ${tag}: ${error}`, {
    details: tail.flatMap((line) => line.split('\n')).slice(-tailLines),
    hint: 'Check that this machine reaches deb.debian.org and has disk space left, then start again.',
  })
}
