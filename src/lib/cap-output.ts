// Bounds what a build may print: beyond 4 MB the rest is dropped, and that is said once.

const maxOutputBytes = 4 * 1024 * 1024

export function capOutput(output: (line: string) => void): (line: string) => void {
  let left = maxOutputBytes
  return (line) => {
    if (left <= 0) return
    left -= Buffer.byteLength(line) + 1
    output(left > 0 ? line : 'More than 4 MB of output: the rest is left out.')
  }
}
