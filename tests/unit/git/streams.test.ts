// A client's streams and a process's: who leaves, who stalls, and that the process goes on all the same.
import { once } from 'node:events'
import { PassThrough, Writable } from 'node:stream'
import { describe, expect, it } from 'vitest'
import { connect } from '../../../src/git/streams.ts'
import { ended, start } from '../../../src/lib/exec.ts'

const blocks = 400
/** Writes 25 MB, far more than all buffers hold, and ends only when all of it was read. */
const talker = () => start('head', ['-c', String(blocks * 65_536), '/dev/zero'])

function client(stdout: Writable) {
  return { stdin: new PassThrough().end(), stdout, stderr: new PassThrough() }
}

describe('a connection', () => {
  it('lets the process end when the client leaves', async () => {
    const stdout = new Writable({ write: () => undefined })
    const child = talker()
    let gone = 0
    connect(child, client(stdout), { onGone: () => (gone += 1) })
    const exit = ended(child)
    await once(child.stdout!, 'pause')
    stdout.destroy()
    expect(await exit).toBe(0)
    expect(gone).toBe(1)
  })

  it('takes a client that has left already for gone', async () => {
    const child = talker()
    let gone = 0
    connect(child, client(new PassThrough().destroy()), { onGone: () => (gone += 1) })
    expect(await ended(child)).toBe(0)
    expect(gone).toBe(1)
  })

  it('takes a client that stops reading for gone, after the limit', async () => {
    const child = talker()
    let gone = 0
    const stdout = new Writable({ write: () => undefined })
    connect(child, client(stdout), { onGone: () => (gone += 1), stallLimitMs: 20 })
    expect(await ended(child)).toBe(0)
    expect(gone).toBe(1)
  })

  it('waits for a client that reads slowly, and loses nothing', async () => {
    let received = 0
    let gone = 0
    const stdout = new Writable({
      write: (chunk: Buffer, _encoding, done) => {
        received += chunk.length
        setImmediate(done)
      },
    })
    const child = talker()
    connect(child, client(stdout), { onGone: () => (gone += 1), stallLimitMs: 20_000 })
    await ended(child)
    // From here on it may be gone.
    const goneMeanwhile = gone
    stdout.end()
    await once(stdout, 'finish')
    expect([received, goneMeanwhile]).toEqual([blocks * 65_536, 0])
  })

  it('lets a client finish sending to a process that no longer reads', async () => {
    const child = start('true', [])
    const stdin = new PassThrough()
    const { received } = connect(child, { ...client(new PassThrough()), stdin }, { onGone: () => undefined })
    await ended(child)
    for (let block = 0; block < 50; block++) if (!stdin.write(Buffer.alloc(65_536))) await once(stdin, 'drain')
    stdin.end()
    await once(stdin, 'end')
    expect(received()).toBe(50 * 65_536)
  })
})
