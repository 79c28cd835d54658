import { mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { anyText } from '../../helpers/any-text.ts'
import { appendAppLog, parseAppLogLine, readAppLog, renderAppLogLine } from '../../../src/deploy/app-log.ts'

let directory: string
let path: string
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'hosting-app-log-'))
  path = join(directory, 'demo', 'app.log')
})
afterEach(async () => await rm(directory, { recursive: true }))

const line = (text: string) => ({ time: new Date('2026-11-21T12:00:00Z'), stream: 'stderr', text }) as const

describe('the log of ended instances', () => {
  it('is read as it was written', async () => {
    await appendAppLog(path, [line('one'), line('two words')])
    await appendAppLog(path, [line('')])
    expect(await readAppLog(path, 100)).toEqual([line('one'), line('two words'), line('')])
    expect(await readAppLog(path, 1)).toEqual([line('')])
    expect(await readAppLog(join(directory, 'absent'), 10)).toEqual([])
  })

  it('keeps a line a line, whatever a site prints', () => {
    fc.assert(
      fc.property(anyText(), (text) => {
        const written = renderAppLogLine(line(text))
        expect(written.indexOf('\n')).toBe(written.length - 1)
        const escaped = text.replaceAll('\r', '\\r').replaceAll('\n', '\\n')
        expect(parseAppLogLine(written.slice(0, -1))?.text).toBe(escaped)
      }),
    )
    expect(parseAppLogLine('not one of ours')).toBeUndefined()
    expect(parseAppLogLine('2026-99-99T12:00:00.000Z stdout x')).toBeUndefined()
  })

  it('is bounded: over 5 MB it becomes the older half, and both are read', async () => {
    await appendAppLog(path, [line('older')])
    await writeFile(path, `${renderAppLogLine(line('x'.repeat(6_000_000)))}${renderAppLogLine(line('old'))}`)
    await Promise.all([appendAppLog(path, [line('new')]), appendAppLog(path, [line('newer')])])
    expect((await stat(path)).size).toBeLessThan(1000)
    expect((await readFile(`${path}.1`)).length).toBeGreaterThan(6_000_000)
    expect((await readAppLog(path, 3)).map(({ text }) => text)).toEqual(['old', 'new', 'newer'])
  })
})
