import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { catalogue } from '../../../src/errors/catalogue.ts'
import { HostingError } from '../../../src/errors/hosting-error.ts'
import {
  answerSchema,
  describeError,
  questionSchema,
  readLine,
  renderMessage,
} from '../../../src/privileged/messages.ts'
import { parseMountInfo } from '../../../src/privileged/storage/mounts.ts'
import { placeOf } from '../../../src/privileged/storage/place.ts'
import { createCounter } from '../../../src/privileged/storage/usage.ts'
import { verbNames, verbs } from '../../../src/privileged/verbs.ts'

describe('usage', () => {
  it('is the same however the records of find are cut, and counts each file once', () => {
    const records = [
      ['8', 'uploads/a'],
      ['16', 'uploads/b\nc'],
      ['1', 'uploads.txt'],
      ['1', 'gel\u00f6scht/a'],
      ['2', 'gel\u00f6scht/b\n/c'],
      ['2', 'conf.php'],
      ['4', 'caf\u00e9/x'],
      ['0', 'uploads'],
      ['8', '.hosting/sessions/sess_1'],
    ] as const
    const bytes = Buffer.from(records.map(([blocks, name]) => `${blocks} ${name}\0`).join(''))
    const expected = {
      paths: new Map([
        ['café/', { bytes: 4 * 512, files: 1 }],
        ['conf.php', { bytes: 2 * 512, files: 1 }],
        ['uploads/', { bytes: 24 * 512, files: 3 }],
      ]),
      elsewhere: { bytes: 4 * 512, files: 3, names: ['gelöscht/', 'uploads.txt'] },
      sessions: { bytes: 8 * 512, files: 1 },
    }
    fc.assert(
      fc.property(fc.array(fc.nat(bytes.length)), (cuts) => {
        const counter = createCounter(['café/', 'conf.php', 'uploads/'])
        const places = [0, ...cuts.sort((a, b) => a - b), bytes.length]
        for (const [index, end] of places.entries()) counter.push(bytes.subarray(places[index - 1] ?? 0, end))
        expect(counter.result()).toEqual(expected)
      }),
    )
  })
})

describe('mounts', () => {
  it('are read as the kernel writes them', () => {
    const text = [
      '25 1 254:0 / / rw,relatime - ext4 /dev/vda rw',
      String.raw`561 27 7:0 / /srv/with\040space\134/storage/a rw,nosuid - ext4 /dev/loop0 rw,discard`,
      '',
    ].join('\n')
    expect(parseMountInfo(text)).toEqual(['/', String.raw`/srv/with space\/storage/a`])
  })
})

describe('places', () => {
  it('of two sites are never the same, whatever their names', () => {
    const names = ['a.b', 'a.b.img', 'a.b.growing', 'images.a', 'trash.a']
    const places = names.flatMap((name) => Object.values(placeOf('/s', name)) as string[])
    expect(new Set(places).size).toBe(places.length)
  })
})

describe('the messages', () => {
  async function* pieces(...texts: string[]) {
    for (const text of texts) yield Buffer.from(text)
    await Promise.resolve()
  }

  it('are whole lines', async () => {
    expect(await readLine(pieces('{"a', '":1}\nrest'))).toBe('{"a":1}')
    await expect(readLine(pieces('{"a'))).rejects.toThrow('before the message did')
    await expect(readLine(pieces('x'.repeat(9 * 1024 * 1024)))).rejects.toThrow('too long')
  })

  it('carry errors as they are', () => {
    const error = new HostingError('too-large', 'full', { hint: 'less', details: ['a'] })
    const sent = renderMessage(describeError(error))
    expect(answerSchema.parse(JSON.parse(sent))).toEqual({
      error: { code: 'too-large', message: 'full', hint: 'less', details: ['a'] },
    })
    expect(Object.keys(catalogue)).toContain('too-large')
  })

  // The attack: whoever may ask tries a verb, a place or a number that is not on the list.
  it.each([
    ['exec', {}],
    ['constructor', {}],
    ['__proto__', {}],
  ])('know no verb %s', (verb, takes) => {
    expect(questionSchema.safeParse({ verb, takes }).success).toBe(false)
  })

  it.each([
    ['ensure', { site: { name: '../etc', id: 1 } }],
    ['ensure', { site: { name: 'a.example/..', id: 1 } }],
    ['ensure', { site: { name: 'a.example', id: -200_000 } }],
    ['ensure', { site: { name: 'a.example', id: 4_294_767_296 } }],
    ['ensure', { site: { name: 'a.example', id: 1.5 } }],
    ['ensure', { site: { name: 'a.example', id: 1 }, path: '/etc' }],
    ['seed', { site: { name: 'a.example', id: 1 }, release: { directory: '../../etc', paths: [] } }],
    ['discard', { name: '.images' }],
    ['settle', { known: ['a.example', '..'] }],
  ] as const)('refuse %s %j', (verb, takes) => {
    expect(verbs[verb].takes.safeParse(takes).success).toBe(false)
  })

  it('name every verb', () => {
    expect([...verbNames].sort()).toEqual(Object.keys(verbs).sort())
  })
})
