// Takes Docker's stream of framed output apart: 8 bytes of header (stream, three zeros, length as big-endian), then the payload.
// Incremental and iterative: dockerode's own recurses once a frame, and 5,000 frames of one byte overflow its stack.

export interface Frame {
  readonly stream: 'stdout' | 'stderr'
  /** The frame's payload, without what goes beyond the limit. */
  readonly payload: Buffer
}

const headerBytes = 8
const maxPayloadBytes = 1024 * 1024

/** @returns a function that takes the next chunk, however it was cut, and gives the frames it completes */
export function createDemultiplexer(): (chunk: Buffer) => Frame[] {
  const header = Buffer.alloc(headerBytes)
  let headerFilled = 0
  let payload: Buffer[] = []
  let kept = 0
  let missing = 0

  /** Takes what belongs to the header or payload being read, and returns how many bytes that was. */
  function take(chunk: Buffer): number {
    if (headerFilled < headerBytes) {
      const taken = chunk.copy(header, headerFilled, 0, headerBytes - headerFilled)
      headerFilled += taken
      if (headerFilled === headerBytes) missing = header.readUInt32BE(4)
      return taken
    }
    const piece = chunk.subarray(0, missing)
    const wanted = piece.subarray(0, maxPayloadBytes - kept)
    if (wanted.length > 0) payload.push(wanted)
    kept += wanted.length
    missing -= piece.length
    return piece.length
  }

  function finish(): Frame {
    const frame: Frame = { stream: header[0] === 2 ? 'stderr' : 'stdout', payload: Buffer.concat(payload) }
    headerFilled = 0
    payload = []
    kept = 0
    return frame
  }

  return (chunk) => {
    const frames: Frame[] = []
    let offset = 0
    while (offset < chunk.length) {
      offset += take(chunk.subarray(offset))
      if (headerFilled === headerBytes && missing === 0) frames.push(finish())
    }
    return frames
  }
}
