// composer.json, as far as hosting looks at it. Everything else in it is Composer's business.
import { z } from 'zod'
import { refuseProblems } from '../problem.ts'

const requirements = z
  // PHP's own JSON writes an empty object as a list.
  .union([z.record(z.string(), z.string()), z.array(z.never()).transform((): Record<string, string> => ({}))])
  .optional()

const composerJsonSchema = z.looseObject({
  require: requirements,
  scripts: z.looseObject({}).or(z.array(z.never())).optional(),
  config: z.looseObject({ 'vendor-dir': z.string().optional() }).or(z.array(z.never())).optional(),
})

export interface ComposerJson {
  readonly require: Readonly<Record<string, string>>
  /** Whether there is anything that `composer install` would do. */
  readonly needsInstall: boolean
}

/** @throws HostingError invalid-site-config when it isn't JSON, or not of Composer's shape */
export function parseComposerJson(text: string): ComposerJson {
  const { data, error } = composerJsonSchema.safeParse(parseJson(text))
  if (error !== undefined) {
    refuseProblems(
      error.issues.map(({ path, message }) => ({
        file: 'composer.json',
        key: path.map(String).join('.'),
        text: message,
      })),
    )
  }
  const require = data?.require ?? {}
  return { require, needsInstall: Object.keys(require).length > 0 }
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error
    refuseProblems([{ file: 'composer.json', text: `not JSON: ${error.message}` }])
    return undefined
  }
}

/** Extensions and packages that nobody needs who has no database. */
const databaseRequirement =
  /^(ext-(mysqli|pdo_mysql|mysqlnd)|doctrine\/(dbal|orm|doctrine-bundle)|laravel\/framework|illuminate\/database)$/

/** The requirement that tells of a MariaDB database, if one does. */
export function findDatabaseRequirement({ require }: ComposerJson): string | undefined {
  return Object.keys(require).find((name) => databaseRequirement.test(name))
}
