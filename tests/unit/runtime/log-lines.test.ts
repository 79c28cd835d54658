import { describe, expect, it } from 'vitest'
import { createLogParser } from '../../../src/runtime/docker/log-lines.ts'

function frame(stream: 1 | 2, text: string): Buffer {
  const header = Buffer.alloc(8)
  header[0] = stream
  header.writeUInt32BE(Buffer.byteLength(text), 4)
  return Buffer.concat([header, Buffer.from(text)])
}

function parse(...frames: Buffer[]) {
  const parser = createLogParser()
  return [...frames.flatMap((chunk) => parser.push(chunk)), ...parser.end()]
}

const at = (second: number) => `2026-01-02T03:04:0${second}.123456789Z `
const time = (second: number) => new Date(`2026-01-02T03:04:0${second}.123Z`)

describe('log lines', () => {
  it('takes the timestamp off each frame', () => {
    expect(parse(frame(1, `${at(1)}hello\n`), frame(2, `${at(2)}oh\n`))).toEqual([
      { stream: 'stdout', time: time(1), text: 'hello' },
      { stream: 'stderr', time: time(2), text: 'oh' },
    ])
  })

  it('joins the parts of a long line, at the time of its first, with the other stream in between', () => {
    expect(parse(frame(1, `${at(1)}long`), frame(2, `${at(2)}oh\n`), frame(1, `${at(3)} line\n`))).toEqual([
      { stream: 'stderr', time: time(2), text: 'oh' },
      { stream: 'stdout', time: time(1), text: 'long line' },
    ])
  })

  it('gives a line after a joined one its own time', () => {
    const lines = parse(frame(1, `${at(1)}a`), frame(1, `${at(2)}b\n`), frame(1, `${at(3)}c\n`), frame(1, `${at(4)}d`))
    expect(lines.map((line) => [line.text, line.time])).toEqual([
      ['ab', time(1)],
      ['c', time(3)],
      ['d', time(4)],
    ])
  })

  it('keeps empty lines and text that begins with a blank', () => {
    expect(parse(frame(1, `${at(1)}\n`), frame(1, `${at(2)}  in\n`)).map((line) => line.text)).toEqual(['', '  in'])
  })

  it('keeps a frame without a timestamp as it is', () => {
    expect(parse(frame(1, 'no time here\n'))).toEqual([{ stream: 'stdout', time: new Date(0), text: 'no time here' }])
  })
})
