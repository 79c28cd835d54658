import { describe, expect, it } from 'vitest'
import { accessLogFormat, parseAccessLogLine, renderAccessLogEntry } from '../../../src/edge/access-log.ts'

const values: Readonly<Record<string, string>> = {
  msec: '1790000000.123',
  remote_addr: '2001:db8::1',
  request_method: 'GET',
  host: 'example.org',
  request_uri: '/a?b=\\"c\\"',
  status: '200',
  body_bytes_sent: '10240',
  request_time: '0.012',
  http_referer: '',
  http_user_agent: 'Mozilla',
}
const lineOf = (changed: Record<string, string> = {}) =>
  accessLogFormat.replace(/\$(\w+)/g, (_, name: string) => ({ ...values, ...changed })[name] ?? 'unknown')

describe('a line of the access log', () => {
  it('is read back as it was written', () => {
    expect(parseAccessLogLine(lineOf())).toEqual({
      time: new Date(1_790_000_000_123),
      address: '2001:db8::1',
      method: 'GET',
      host: 'example.org',
      uri: '/a?b="c"',
      status: 200,
      bytes: 10_240,
      durationMs: 12,
      userAgent: 'Mozilla',
    })
  })

  it('may lack what nginx did not know', () => {
    const entry = parseAccessLogLine(lineOf({ status: '000', request_uri: '', request_method: '', http_referer: '-' }))
    expect(entry).toMatchObject({ status: 0, uri: '', method: '' })
    expect(entry).not.toHaveProperty('referrer')
  })

  it.each(['', '{', 'null', '[]', '{"t":"x"}', '{"t":"1"}', lineOf().slice(0, -5)])('is not made of %j', (line) => {
    expect(parseAccessLogLine(line)).toBeUndefined()
  })

  it('is shown with what people look for first', () => {
    expect(renderAccessLogEntry(parseAccessLogLine(lineOf())!)).toBe(
      '2026-09-21T14:13:20.123Z 200 12 ms GET example.org/a?b="c" 10240 B 2001:db8::1',
    )
  })
})
