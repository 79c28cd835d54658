// The fixed list of what is done with root's rights, and what each verb takes and gives: checked at both ends. No path is among it: places
// follow from the configuration, the site's name and its number.
import { z } from 'zod'
import { idSchema } from '../lib/id.ts'
import { hostNameSchema } from '../names/host-name.ts'
import { maxSiteId } from '../names/site-uid.ts'

const site = z.strictObject({ name: hostNameSchema, id: z.int().min(1).max(maxSiteId) })
const done = z.strictObject({})
/** Of a release: where its seeds lie, and what of storage it uses. */
const release = z.strictObject({ directory: idSchema, paths: z.array(z.string().max(1100)).max(64) })

const amount = z.strictObject({ bytes: z.number(), files: z.number() })
const drift = z.strictObject({ changed: z.number(), added: z.number(), missing: z.number() })
const survey = z.strictObject({
  /** Whether the quota is a limit, or just a number. */
  enforced: z.boolean(),
  quota: amount,
  used: amount,
  paths: z.array(
    z.strictObject({
      path: z.string(),
      ...amount.shape,
      /** What differs from the repository; null where that holds nothing there. */
      drift: drift.nullable(),
    }),
  ),
  /** What lies in no path of the release. */
  elsewhere: z.strictObject({
    ...amount.shape,
    /** Their names in storage's root, folders with a slash: the first ones. */
    names: z.array(z.string()),
  }),
  /** Not all was looked at: there is too much. */
  partial: z.boolean(),
})

export const verbs = {
  /** Makes a site's storage if there is none, mounts it, grows it to the quota. */
  ensure: { takes: z.strictObject({ site }), gives: z.strictObject({ enforced: z.boolean() }) },
  /** Copies what the repository holds to where storage has nothing yet. */
  seed: { takes: z.strictObject({ site, release }), gives: z.strictObject({ seeded: z.array(z.string()) }) },
  survey: { takes: z.strictObject({ site, release }), gives: survey },
  /** Takes a site's storage out of the way, for good. */
  discard: { takes: z.strictObject({ name: hostNameSchema }), gives: done },
  /** Removes what was discarded. */
  sweep: { takes: z.strictObject({}), gives: done },
  /** Discards the storage of all sites that are not known any more, and what a crash left. */
  settle: { takes: z.strictObject({ known: z.array(hostNameSchema) }), gives: done },
} as const

export const verbNames = ['ensure', 'seed', 'survey', 'discard', 'sweep', 'settle'] as const
export type Verb = keyof typeof verbs
export type Takes<V extends Verb> = z.infer<(typeof verbs)[V]['takes']>
export type Gives<V extends Verb> = z.infer<(typeof verbs)[V]['gives']>
export type StorageRelease = z.infer<typeof release>
export type StorageSurvey = z.infer<typeof survey>
export type Amount = z.infer<typeof amount>
export type Drift = z.infer<typeof drift>

export type Privileged = { [V in Verb]: (takes: Takes<V>) => Promise<Gives<V>> }
