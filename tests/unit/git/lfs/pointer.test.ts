import { expect, it } from 'vitest'
import { leastPointerBytes, parsePointer } from '../../../../src/git/lfs/pointer.ts'

const oid = '4d7a214614ab2935c943f9e0ff69d22eadbb8f32b1258daaa5e2ca24d17e2393'
const pointer = (size: string) => `version https://git-lfs.github.com/spec/v1\noid sha256:${oid}\nsize ${size}\n`
const parse = (text: string) => parsePointer(Buffer.from(text))

it('reads a pointer, also one with extensions', () => {
  expect(parse(pointer('12345'))).toEqual({ oid, size: 12_345 })
  expect(parse(pointer('0'))).toEqual({ oid, size: 0 })
  expect(pointer('0').length).toBeGreaterThanOrEqual(leastPointerBytes)
  const extended = pointer('5').replace('\noid', `\next-0-foo sha256:${oid}\noid`)
  expect(parse(extended)).toEqual({ oid, size: 5 })
})

it.each([
  '',
  'hello',
  pointer('5').replace('version', 'Version'),
  ` ${pointer('5')}`,
  pointer('5').replace('sha256', 'sha1'),
  pointer('5').replace(oid, oid.slice(1)),
  pointer('5').replace(oid, `../../${oid.slice(6)}`),
  pointer('-5'),
  pointer('9'.repeat(20)),
  pointer('5') + 'x'.repeat(1024),
])('takes no other file for one', (text) => {
  expect(parse(text)).toBeUndefined()
})
