// What a jail is asked for with: numbers, names and paths within a site. No place on this machine is among it, and no program but these.
import { z } from 'zod'
import { idSchema } from '../../lib/id.ts'
import { accountNameSchema } from '../../names/account-name.ts'
import { hostNameSchema } from '../../names/host-name.ts'
import { maxSiteId } from '../../names/site-uid.ts'

const number = z.int().min(1).max(maxSiteId)
const mostSites = 100

/** Relative, of ordinary names: enter.c looks again, below a descriptor. */
const pathInSite = z
  .string()
  .max(1100)
  .refine((path) => !/[\t\n\0]/.test(path) && path.split('/').every((name) => !['', '.', '..'].includes(name)))

const site = z.strictObject({
  id: number,
  name: hostNameSchema,
  writable: z.boolean(),
  /** Whether its working tree of the account is shown. */
  hasTree: z.boolean(),
  storage: z.array(z.strictObject({ path: pathInSite, isFolder: z.boolean() })).max(64),
  releases: z.array(z.strictObject({ number, directory: idSchema, part: z.enum(['commit', 'tree']) })).max(1000),
})

const words = z
  .array(
    z
      .string()
      .max(16_384)
      .refine((word) => !word.includes('\0')),
  )
  .max(2000)

/** scp reads its arguments before the door is closed behind it: which way, and what follows is paths. */
const scpWords = words.refine((args) => {
  const end = args.indexOf('--')
  return end > 0 && args.slice(0, end).every((word) => /^-[ftrpdvq]+$/.test(word))
})

const program = z.discriminatedUnion('name', [
  z.strictObject({ name: z.literal('SFTP'), args: words.max(0) }),
  z.strictObject({ name: z.literal('scp'), args: scpWords }),
  z.strictObject({ name: z.literal('rsync'), args: words }),
  /** Writes an archive of what it is shown. */
  z.strictObject({ name: z.literal('tar'), args: words }),
])

export const orderSchema = z.strictObject({
  account: z.strictObject({ id: number, name: accountNameSchema }),
  program,
  sites: z.array(site).max(mostSites),
})

export type JailOrder = z.infer<typeof orderSchema>
export type SiteInJail = z.infer<typeof site>

/** The descriptors of a jailed program, each a connection that says first whose it is. */
export const streamSchema = z.strictObject({ jail: idSchema, descriptor: z.int().min(0).max(3) })
export const jailSchema = z.strictObject({ jail: idSchema, order: orderSchema })
export const startedSchema = z.strictObject({ pid: z.int().min(2) })
/** Of its end, as a shell shows it. */
export const statusSchema = z.strictObject({ status: z.int() })
