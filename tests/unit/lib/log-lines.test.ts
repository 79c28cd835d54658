import { pino } from 'pino'
import { describe, expect, it } from 'vitest'
import { humanLine, journalLines } from '../../../src/lib/log-lines.ts'

/** What pino itself writes, as a person sees it. */
function shown(fields: object, message: string, stacks = false): string {
  let line = ''
  pino({ base: null }, { write: (json: string) => void (line = humanLine(json, stacks)) }).warn(fields, message)
  return line
}

describe('the log at a terminal', () => {
  it('has the local time, the level, the message, and the fields after it', () => {
    const time = new Date(2024, 1, 3, 6, 17, 5).getTime()
    expect(humanLine(JSON.stringify({ level: 50, time, msg: 'stopped' }), false)).toBe('06:17:05 error stopped')
    expect(shown({ site: 'a.org', code: 1, text: 'two words' }, 'nginx has ended; starting it again')).toMatch(
      /^\d\d:\d\d:\d\d warn nginx has ended; starting it again {2}site=a\.org code=1 text="two words"$/,
    )
  })

  it('shows an error by its message, and its stack only when that is asked for', () => {
    const fields = { err: new Error('no space'), site: 'a.org' }
    expect(shown(fields, 'failed')).toMatch(/ warn failed {2}err="no space" site=a\.org$/)
    expect(shown({ err: 'thrown' }, 'failed')).toMatch(/ warn failed {2}err=thrown$/)
    expect(shown(fields, 'failed', true)).toMatch(/err="no space" site=a\.org\nError: no space\n +at .+/)
  })

  it('lets nothing through that steers a terminal', () => {
    const steering = 'a\u001b[2J\u009b\u202eb'
    for (const line of [shown({ steering }, steering), shown({ err: new Error(steering) }, '', true).split('\n')[0]])
      expect(line).not.toMatch(/[\u001b\u009b\u202e]/)
  })
})

describe('the log in the journal', () => {
  const time = Date.now()

  it('has a priority and neither time nor program, which the journal notes itself', () => {
    expect(journalLines(JSON.stringify({ level: 40, time, msg: 'slow', site: 'a.org' }), false)).toBe(
      '<4>slow  site=a.org',
    )
    expect(journalLines(JSON.stringify({ level: 60, time, msg: 'gone' }), false)).toBe('<2>gone')
  })

  it('keeps the stack of an error, each line with the priority of the first', () => {
    const err = { message: 'no space', stack: 'Error: no space\n    at write' }
    expect(journalLines(JSON.stringify({ level: 50, time, msg: 'failed', err }), false)).toBe(
      '<3>failed  err="no space"\n<3>Error: no space\n<3>    at write',
    )
    expect(journalLines(JSON.stringify({ level: 40, time, msg: 'failed', err }), false)).toBe(
      '<4>failed  err="no space"',
    )
  })
})
