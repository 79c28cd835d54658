// The batch API of Git LFS (docs/api/batch.md of git-lfs): which large files somebody wants or has, and where to fetch or bring each.
// Transfers are git-lfs's "basic" ones.
import { z } from 'zod'
import { HostingError } from '../../errors/hosting-error.ts'
import { type LfsObject, lfsObjectSchema } from '../../git/lfs/pointer.ts'
import { passSeconds } from './lfs-passes.ts'

const batchSchema = z.object({
  operation: z.enum(['download', 'upload']),
  transfers: z.array(z.string()).optional(),
  hash_algo: z.literal('sha256').optional(),
  objects: z.array(lfsObjectSchema).max(1000),
})

export type Batch = z.infer<typeof batchSchema>

/** @throws HostingError invalid-request */
export function parseBatch(body: Buffer): Batch {
  return parseWith(batchSchema, body)
}

export function parseObject(body: Buffer): LfsObject {
  return parseWith(lfsObjectSchema, body)
}

interface BatchFacts {
  /** Those that are here. */
  readonly present: ReadonlySet<string>
  /** Bytes that may come. */
  readonly room: number
  /** Of the repository's large files, without a slash at its end. */
  readonly url: string
  readonly authorization: string
}

export function renderBatch({ operation, objects }: Batch, facts: BatchFacts): unknown {
  let { room } = facts
  const answers = objects.map((object) => {
    const { oid, size } = object
    const isHere = facts.present.has(oid)
    if (operation === 'download')
      return isHere ? withActions(object, ['download'], facts) : failing(object, 404, 'It was never uploaded')
    if (isHere) return { oid, size }
    if (size > room) return failing(object, 507, 'There is no room left for large files of this site (lfs-mb)')
    room -= size
    return withActions(object, ['upload', 'verify'], facts)
  })
  return { transfer: 'basic', hash_algo: 'sha256', objects: answers }
}

type Action = 'download' | 'upload' | 'verify'

function withActions({ oid, size }: LfsObject, actions: readonly Action[], { url, authorization }: BatchFacts) {
  const entries = actions.map((action) => {
    const href = action === 'verify' ? `${url}/verify` : `${url}/objects/${oid}`
    return [action, { href, header: { Authorization: authorization }, expires_in: passSeconds }]
  })
  return { oid, size, authenticated: true, actions: Object.fromEntries(entries) as unknown }
}

function failing({ oid, size }: LfsObject, code: number, message: string) {
  return { oid, size, error: { code, message } }
}

function parseWith<T>(schema: z.ZodType<T>, body: Buffer): T {
  try {
    return schema.parse(JSON.parse(body.toString('utf8')))
  } catch (cause) {
    throw new HostingError('invalid-request', 'This is no request of Git LFS', { cause })
  }
}
