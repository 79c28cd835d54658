import { describe, expect, it } from 'vitest'
import { parseBatch, renderBatch } from '../../../../src/gateway/https/lfs-batch.ts'

const [one, two, three] = ['1', '2', '3'].map((digit) => ({ oid: digit.repeat(64), size: 100 }))
const facts = {
  present: new Set([one!.oid]),
  room: 150,
  url: 'https://git.x/demo.git/info/lfs',
  authorization: 'Bearer p',
}
const batch = (operation: 'download' | 'upload') => ({ operation, objects: [one!, two!, three!] })

describe('a batch', () => {
  it('for a download tells where what is here is, and what is missing', () => {
    expect(renderBatch(batch('download'), facts)).toMatchObject({
      transfer: 'basic',
      objects: [
        {
          ...one,
          actions: { download: { href: `${facts.url}/objects/${one!.oid}`, header: { Authorization: 'Bearer p' } } },
        },
        { ...two, error: { code: 404 } },
        { ...three, error: { code: 404 } },
      ],
    })
  })

  it('for an upload asks for what is not here, as far as there is room', () => {
    expect(renderBatch(batch('upload'), facts)).toMatchObject({
      objects: [
        { oid: one!.oid, size: 100 },
        { ...two, actions: { upload: {}, verify: {} } },
        { ...three, error: { code: 507 } },
      ],
    })
  })

  it.each([
    '',
    '{',
    '[]',
    '{"operation":"delete","objects":[]}',
    '{"operation":"upload","objects":[{"oid":"../x","size":1}]}',
    `{"operation":"upload","objects":[{"oid":"${'1'.repeat(64)}","size":-1}]}`,
    `{"operation":"upload","objects":[{"oid":"${'1'.repeat(64)}","size":1e300}]}`,
    `{"operation":"upload","hash_algo":"sha512","objects":[]}`,
    JSON.stringify({ operation: 'upload', objects: Array.from({ length: 1001 }, () => one) }),
  ])('is refused when it is none', (body) => {
    expect(() => parseBatch(Buffer.from(body))).toThrow('no request of Git LFS')
  })
})
