// app.json, of which only the path of the first web health check is used (the shape that Dokku documents). Anything else in it is none of ours.
import { z } from 'zod'
import { type Problem, refuseProblems } from './problem.ts'

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
})

/** @throws HostingError invalid-site-config when it isn't JSON or a health check's path isn't one */
export function parseAppJson(text: string): { healthPath?: string } {
  const result = appJsonSchema.safeParse(parseJson(text))
  if (!result.success)
    refuseProblems(
      result.error.issues.map(({ path, message }) => ({ file: 'app.json', key: path.join('.'), text: message })),
    )
  const healthPath = result.data?.healthchecks?.web?.find(({ path }) => path !== undefined)?.path
  return healthPath === undefined ? {} : { healthPath }
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
