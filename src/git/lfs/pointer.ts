// Pointer files of Git LFS, by its specification (docs/spec.md of git-lfs): what a repository holds in the place of a large file. Pure.
import { z } from 'zod'

/** SHA-256 of the content. */
export const lfsOidSchema = z.string().regex(/^[0-9a-f]{64}$/)

export const lfsObjectSchema = z.object({ oid: lfsOidSchema, size: z.int().nonnegative() })
export type LfsObject = z.infer<typeof lfsObjectSchema>

/** A pointer is "less than 1024 bytes"; with extensions it may come close. */
export const mostPointerBytes = 1024
/** `version` comes first, and the shortest has a size of one digit. */
export const leastPointerBytes = 120

const firstLine = /^version https:\/\/(?:git-lfs\.github\.com\/spec\/v1|hawser\.github\.com\/spec\/v1)\n/

/** As git-lfs writes it: the same content is the same object of Git, whoever made its pointer. */
export function renderPointer({ oid, size }: LfsObject): Buffer {
  return Buffer.from(`version https://git-lfs.github.com/spec/v1\noid sha256:${oid}\nsize ${size}\n`)
}

/** Undefined for what is no pointer. */
export function parsePointer(content: Buffer): LfsObject | undefined {
  if (content.length >= mostPointerBytes) return undefined
  const text = content.toString('latin1')
  if (!firstLine.test(text)) return undefined
  const oid = /^oid sha256:([0-9a-f]{64})$/m.exec(text)?.[1]
  const size = /^size (\d{1,15})$/m.exec(text)?.[1]
  return lfsObjectSchema.safeParse({ oid, size: Number(size) }).data
}
