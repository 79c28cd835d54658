// Standard input of a request on one SSH channel. Destroying it only discards what still comes: ssh2's own stream would close the channel
// before the exit status is sent. An input that stops without the client saying so (EOF) ends in an error, never in a silent end.
import { Readable } from 'node:stream'
import type { ServerChannel } from 'ssh2'
import type { TypedKeys } from '../terminal-streams.ts'

const mostTypedAhead = 64 * 1024

export interface ChannelInput {
  readonly stdin: Readable
  /** The client said that nothing more follows: what is under way is the rest. */
  readonly markComplete: () => void
}

interface Keys {
  /** Asked for each chunk: a handler may take over the keys in the middle. */
  readonly read: (chunk: Buffer) => TypedKeys
  /** Read also while the handler doesn't, for Ctrl-C to be heard: what is typed ahead beyond some length is dropped then. */
  readonly isEager: () => boolean
  /** Called for Ctrl-C. */
  readonly interrupt: () => void
}

export function channelInput(channel: ServerChannel, keys: Keys): ChannelInput {
  let complete = false
  const discard = () => channel.off('data', take).resume()
  const stdin = new Readable({
    highWaterMark: 128 * 1024,
    read: () => channel.resume(),
    destroy(error, done) {
      discard()
      done(error)
    },
  }).on('error', () => undefined)
  const take = (chunk: Buffer) => {
    const { text, interrupted, ended } = keys.read(chunk)
    if (!keys.isEager()) {
      if (!stdin.push(text)) channel.pause()
    } else if (stdin.readableLength < mostTypedAhead) stdin.push(text)
    if (ended) end()
    if (interrupted) keys.interrupt()
  }
  const end = () => {
    discard()
    stdin.push(null)
  }
  channel.on('data', take)
  if (!keys.isEager()) channel.pause()
  channel.once('end', () => {
    if (complete) end()
    else stdin.destroy(new Error('The client went away in the middle of its input'))
  })
  const markComplete = () => {
    complete = true
  }
  return { stdin, markComplete }
}
