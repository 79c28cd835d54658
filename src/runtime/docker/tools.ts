// Runs a tool with its streams attached, both ways only as fast as the other side takes it: a dump of gigabytes passes through here.
import Stream from 'node:stream'
import { setTimeout as delay } from 'node:timers/promises'
import type { Container } from 'dockerode'
import { z } from 'zod'
import type { ToolSpec, ToolStreams } from '../runtime.ts'
import { createContainer, type ContainerMaker } from './create-container.ts'
import { ask, askUnless } from './engine.ts'
import { containerName } from './labels.ts'
import type { Networks } from './networks.ts'
import { createOutputCopy } from './output-copy.ts'
import { removeContainer } from './remove-container.ts'
import { renderTool } from './tool-container.ts'

export interface ToolParts extends ContainerMaker {
  readonly networks: Networks
  readonly homeId: string
}

/** After the end its last output is on its way for a moment; a stream that never ends must not hold us. */
const lastOutputMs = 5000
const resizeMs = 500

export async function runTool(parts: ToolParts, spec: ToolSpec, streams: ToolStreams): Promise<number> {
  streams.signal.throwIfAborted()
  const { homeId, networks } = parts
  const network = spec.network === 'none' ? 'none' : await networks.nameOf(spec.network)
  const place = { homeId, network, hasInput: streams.stdin !== undefined, hasTerminal: streams.terminal !== undefined }
  try {
    const container = await createContainer(parts, {
      family: spec.image,
      render: (image) => renderTool(spec, { ...place, image }),
      report: () => undefined,
    })
    return await runAttached(container, streams)
  } finally {
    await removeContainer(parts.engine, containerName(homeId, spec.id))
  }
}

async function runAttached(container: Container, streams: ToolStreams): Promise<number> {
  const hasInput = streams.stdin !== undefined
  const stream = await ask(
    container.attach({ stream: true, stdin: hasInput, stdout: true, stderr: true, hijack: hasInput }),
  )
  const copy = createOutputCopy(stream, streams)
  const starting = ask(container.start())
  // Before it has started, so to speak: its first output may be here before Docker's word that it runs, and be answered by a signal.
  streams.started?.(
    (signal) =>
      void starting
        .then(() => askUnless([404, 409], container.kill({ signal: `SIG${signal}` })))
        .catch(() => undefined),
  )
  await starting
  const failure = new AbortController()
  const detach = feed(stream, streams, failure)
  const stopResizing = followSize(container, streams)
  try {
    const exitCode = await waitForEnd(container, AbortSignal.any([streams.signal, failure.signal]))
    while ((await Promise.race([copy.ended, delay(lastOutputMs, 'late', { ref: false })])) === 'late')
      if (!copy.isBusy()) break
    return exitCode
  } finally {
    stopResizing()
    detach()
    if (stream instanceof Stream.Duplex || stream instanceof Stream.Readable) stream.destroy()
  }
}

/** Passes the input on. An input that fails is not one that ends: the program must not take it for the whole. */
function feed(stream: NodeJS.ReadWriteStream, { stdin }: ToolStreams, failure: AbortController): () => void {
  if (stdin === undefined) return () => undefined
  const fail = (error: Error) => failure.abort(error)
  stdin.once('error', fail)
  if (stdin.errored !== null) fail(stdin.errored)
  stream.on('error', () => undefined)
  stdin.pipe(stream)
  return () => {
    stdin.unpipe(stream)
    stdin.off('error', fail)
  }
}

/** Terminals are resized without a word: looked at now and then. */
function followSize(container: Container, { terminal }: ToolStreams): () => void {
  if (terminal === undefined) return () => undefined
  let shown = ''
  const resize = () => {
    const size = `${terminal.columns}x${terminal.rows}`
    if (size === shown) return
    shown = size
    container.resize({ w: terminal.columns, h: terminal.rows }).catch(() => undefined)
  }
  resize()
  const timer = setInterval(resize, resizeMs)
  return () => clearInterval(timer)
}

const waitSchema = z.object({ StatusCode: z.number().int() })

async function waitForEnd(container: Container, signal: AbortSignal): Promise<number> {
  const kill = () => void askUnless([404, 409], container.kill()).catch(() => undefined)
  signal.addEventListener('abort', kill, { once: true })
  try {
    if (signal.aborted) kill()
    const { StatusCode } = waitSchema.parse(await ask(container.wait()))
    signal.throwIfAborted()
    return StatusCode
  } finally {
    signal.removeEventListener('abort', kill)
  }
}
