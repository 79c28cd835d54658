// app.json, of which only the path of the first web health check is used (the shape that Dokku documents). Anything else in it is none of ours.
import { z } from 'zod'
import { refuseProblems } from './problem.ts'

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
    refuseProblems([{ file: 'app.json', text: `it is not JSON: ${error.message}` }])
    return undefined
  }
}
