// app.json, of which the path of the first web health check and the cron jobs are used (the shape that Dokku documents). Anything else in it
// is none of ours.
import { z } from 'zod'
import { type Problem, refuseProblems } from './problem.ts'
import { cronCommand, cronSchedule, maxCronEntries } from './site-config-schema.ts'

const appJsonSchema = z.looseObject({
  healthchecks: z
    .looseObject({
      web: z
        .array(
          z.looseObject({
            path: z
              .string()
              .regex(/^\/[!-~]*$/)
              .optional(),
          }),
        )
        .optional(),
    })
    .optional(),
  cron: z
    .array(z.looseObject({ schedule: cronSchedule, command: cronCommand }))
    .max(maxCronEntries, `there are more than ${maxCronEntries}`)
    .optional(),
})

export interface AppJson {
  readonly healthPath?: string
  readonly cron: readonly { readonly schedule: string; readonly command: string }[]
}

/** @throws HostingError invalid-site-config when it isn't JSON, or a health check's path or a schedule isn't one */
export function parseAppJson(text: string): AppJson {
  const result = appJsonSchema.safeParse(parseJson(text))
  if (!result.success)
    refuseProblems(
      result.error.issues.map(({ path, message }) => ({ file: 'app.json', key: path.join('.'), text: message })),
    )
  const healthPath = result.data?.healthchecks?.web?.find(({ path }) => path !== undefined)?.path
  const cron = (result.data?.cron ?? []).map(({ schedule, command }) => ({ schedule, command }))
  return { ...(healthPath === undefined ? {} : { healthPath }), cron }
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error
    refuseProblems([{ file: 'app.json', ...placeIn(text, error.message) }])
    return undefined
  }
}

/** V8 says where only at the end of some of its messages, and quotes the file in others. */
function placeIn(text: string, message: string): Pick<Problem, 'line' | 'column' | 'text'> {
  const [, reason, line, column] =
    /^(.*?)(?: in JSON)? at position \d+ \(line (\d+) column (\d+)\)$/s.exec(message) ?? []
  if (reason !== undefined) return { line: Number(line), column: Number(column), text: `not JSON: ${reason}` }
  if (/^Unexpected end/.test(message))
    return { line: text.trimEnd().split('\n').length, text: 'not JSON: it ends too early' }
  return { text: `not JSON: ${message.replace(/, (\.\.\.)?".*"(\.\.\.)? is not valid JSON$/s, '')}` }
}
