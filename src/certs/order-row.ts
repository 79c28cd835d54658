// An order under way, as its row says it: lists are JSON there, and are read as strictly as anything from outside.
import { z } from 'zod'
import type { AcmeOrder } from '../store/acme.ts'
import type { Published } from './challenges/publish.ts'

const publishedSchema = z.array(
  z.union([
    z.object({ method: z.literal('http-01'), name: z.string(), token: z.string() }),
    z.object({ method: z.literal('dns-01'), name: z.string(), value: z.string() }),
  ]),
)
export const namesSchema = z.array(z.string())

export function namesOf({ names }: { readonly names: string }): string[] {
  return namesSchema.parse(JSON.parse(names))
}

export function publishedOf({ published }: Pick<AcmeOrder, 'published'>): Published[] {
  return publishedSchema.parse(JSON.parse(published))
}
