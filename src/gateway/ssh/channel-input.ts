// Standard input of a request on one SSH channel. Destroying it only discards what still comes: ssh2's own stream would close the channel
// before the exit status is sent. An input that stops without the client saying so (EOF) ends in an error, never in a silent end.
import { Readable } from 'node:stream'
import type { ServerChannel } from 'ssh2'

export interface ChannelInput {
  readonly stdin: Readable
  /** The client said that nothing more follows: what is under way is the rest. */
  readonly markComplete: () => void
  /** Ends the input here, whatever still comes. */
  readonly end: () => void
}

export function channelInput(channel: ServerChannel, translate: (chunk: Buffer) => Buffer): ChannelInput {
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
    const bytes = translate(chunk)
    if (bytes.length > 0 && !stdin.push(bytes)) channel.pause()
  }
  const end = () => {
    discard()
    stdin.push(null)
  }
  channel.on('data', take).pause()
  channel.once('end', () => {
    if (complete) end()
    else stdin.destroy(new Error('The client went away in the middle of its input'))
  })
  const markComplete = () => {
    complete = true
  }
  return { stdin, markComplete, end }
}
