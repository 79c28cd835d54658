// Every key of a repository's hosting.toml, once: shape, default behaviour and help text. docs/hosting-toml.md is checked against it.
import { z } from 'zod'
import { findScheduleProblem, isTimezone } from './schedule.ts'
import { findPathProblem } from './storage-links.ts'

/** static takes whatever has a page, so it is asked last. */
const buildpacks = ['php', 'php-db', 'static'] as const
export type Buildpack = (typeof buildpacks)[number]

const unitMs = { ms: 1, s: 1000, m: 60_000 } as const

const durationMs = z
  .string()
  .regex(/^\d+(ms|s|m)$/, 'write a duration such as "30s", "500ms" or "2m"')
  .transform((text) => Number.parseInt(text, 10) * unitMs[z.enum(['ms', 's', 'm']).parse(text.replace(/^\d+/, ''))])

/** A path below the root of the repository: no leading slash, no "..", no empty part. "." is the root itself. */
const pathInside = z
  .string()
  .transform((path) => path.replace(/^\.\/|\/+$/g, ''))
  .refine(
    (path) => path !== '' && !path.startsWith('/') && !/[\0-\x1f\\]/.test(path) && !path.split('/').includes('..'),
    'write a folder of the repository, such as "public", without ".." or a leading slash',
  )

const build = z
  .strictObject({
    command: z
      .string()
      .min(1)
      .describe('Shell command that builds the site, run in a confined container on each push.'),
    output: pathInside
      .optional()
      .describe('Folder that the command fills. Left out: `root`, else the first conventional folder.'),
  })
  .describe('How the site is built. Without it the files of the repository are published as they are.')

const health = z
  .strictObject({
    path: z
      .string()
      .regex(/^\/[!-~]*$/, 'write a path such as "/up"')
      .optional()
      .describe(
        'Path that must answer below 500 before a release goes live, and the pages of this site that it redirects to as well. Left out: that of app.json, else `/`.',
      ),
    timeout: durationMs.optional().describe('How long a new release may take until it answers, such as `"30s"`.'),
  })
  .describe('The check that a new release must pass.')

const php = z
  .strictObject({
    version: z
      .string()
      .regex(/^\d+\.\d+$/, 'write a version such as "8.2"')
      .optional()
      .describe('PHP version.'),
    ini: z
      .record(z.string(), z.union([z.string(), z.number(), z.boolean()]))
      .optional()
      .describe('php.ini settings, by name.'),
  })
  .describe('PHP sites only.')

const database = z
  .strictObject({ engine: z.enum(['mariadb']).describe('Kind of database: `"mariadb"`.') })
  .describe('The database of the site.')

export const cronSchedule = z.string().superRefine((schedule, context) => {
  const problem = findScheduleProblem(schedule)
  if (problem !== undefined) context.addIssue({ code: 'custom', message: problem })
})
export const cronCommand = z.string().regex(/^[^\0-\x1f]*\S[^\0-\x1f]*$/, 'write a command, on one line')
/** Each entry may cost a container a minute. */
export const maxCronEntries = 20

const cron = z.strictObject({
  schedule: cronSchedule.describe('When, in five crontab fields: minute, hour, day, month, weekday.'),
  command: cronCommand.describe('What to run, by a shell, in the root of the repository.'),
  timezone: z
    .string()
    .refine(isTimezone, 'write a time zone such as "Europe/Berlin"')
    .optional()
    .describe('Time zone of the schedule, such as `"Europe/Berlin"`. Left out: UTC.'),
})

const storagePath = z.string().superRefine((path, context) => {
  const problem = findPathProblem(path)
  if (problem !== undefined) context.addIssue({ code: 'custom', message: problem })
})

function refuseBuildpack(input: unknown): string {
  const installed = buildpacks.join(', ')
  return typeof input === 'string' ? `"${input}" is not one of: ${installed}` : `write one of: ${installed}`
}

export const siteConfigSchema = z.strictObject({
  root: pathInside.optional().describe('Document root: the folder that is published. Left out: found by convention.'),
  buildpack: z
    .enum(buildpacks, { error: ({ input }) => refuseBuildpack(input) })
    .optional()
    .describe('Kind of site. Left out: found out from the files.'),
  storage: z
    .array(storagePath)
    .optional()
    .describe(
      'Folders and files that the site may write and that outlive releases. A slash at the end says that it is a folder, before there is one.',
    ),
  build: build.optional(),
  health: health.optional(),
  php: php.optional(),
  database: database.optional(),
  cron: z
    .array(cron)
    .max(maxCronEntries, `there are more than ${maxCronEntries}`)
    .optional()
    .describe('Commands run at set times, each its own `[[cron]]`.'),
})

export type SiteConfig = z.infer<typeof siteConfigSchema>
