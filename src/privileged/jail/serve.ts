// Starts jails for whoever asks by the socket: connections that were announced as the descriptors of one become those of the program, so that
// nothing of what it reads and writes passes through here. The jail lives as long as the connection that asked for it.
import type { Socket } from 'node:net'
import type { z } from 'zod'
import type { Config } from '../../config/load.ts'
import { type Child, ended, killGroup } from '../../lib/exec.ts'
import { descriptorOf, makeBlocking } from '../../lib/posix/descriptors.ts'
import { renderMessage } from '../messages.ts'
import { startInJail } from './jailed.ts'
import { jailSchema, streamSchema } from './order.ts'
import { settingOfPlatform } from './setting.ts'

export interface JailServer {
  /** Keeps a connection until its jail is asked for. */
  announce(takes: unknown, socket: Socket): Promise<void>
  /** Resolves when the jail has ended. @throws what a bad order is refused for */
  serve(takes: unknown, socket: Socket): Promise<void>
}

const announcedMs = 10_000
const mostAnnounced = 400

export function createJailServer(config: Config): JailServer {
  const announced = new Map<string, Socket>()
  const keyOf = ({ jail, descriptor }: z.infer<typeof streamSchema>) => `${jail}/${descriptor}`
  return {
    async announce(takes, socket) {
      const key = keyOf(streamSchema.parse(takes))
      if (announced.has(key) || announced.size >= mostAnnounced) throw new Error('one stream too many')
      announced.set(key, socket)
      const forget = () => {
        if (announced.get(key) === socket) announced.delete(key)
      }
      const closed = new Promise<void>((resolve) => socket.once('close', () => resolve()))
      socket.setTimeout(announcedMs, () => socket.destroy())
      socket.on('error', () => undefined).write(renderMessage({ gives: {} }))
      await closed.finally(forget)
    },
    async serve(takes, socket) {
      const { jail, order } = jailSchema.parse(takes)
      const setting = await settingOfPlatform(config)
      const keys = [0, 1, 2, 3].map((descriptor) => keyOf({ jail, descriptor }))
      const streams = keys.map((key) => announced.get(key))
      if (!areAll(streams)) throw new Error('the streams of the jail were not announced')
      const child = startInJail(order, setting, streams.map(handOver))
      for (const stream of streams) stream.destroy()
      await attend(child, socket)
    },
  }
}

async function attend(child: Child, socket: Socket): Promise<void> {
  const end = ended(child)
  const kill = () => killGroup(child.pid)
  // Read, so that its end is seen.
  socket.on('error', () => undefined).resume()
  socket.once('close', kill)
  if (socket.destroyed) kill()
  if (child.pid !== undefined) socket.write(renderMessage({ gives: { pid: child.pid } }))
  const status = await end.finally(() => socket.off('close', kill))
  if (socket.destroyed) return
  await new Promise<void>((resolve) => {
    socket.once('close', () => resolve())
    socket.end(renderMessage({ gives: { status } }), () => resolve())
  })
}

function areAll(streams: readonly (Socket | undefined)[]): streams is Socket[] {
  return streams.every((stream) => stream !== undefined && !stream.destroyed)
}

/** Programs expect descriptors that wait. */
function handOver(stream: Socket): number {
  const descriptor = descriptorOf(stream)
  makeBlocking(descriptor)
  return descriptor
}
