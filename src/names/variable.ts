// Environment variables as people set them: which names and values are accepted. A name the platform gives a meaning to is not.
import { HostingError } from '../errors/hosting-error.ts'

const maxNameLength = 128
export const maxValueBytes = 32 * 1024
export const maxVariables = 200
export const maxEnvironmentBytes = 64 * 1024

/** What decides which program runs and how (PATH, LD_PRELOAD, PHPRC), and what the platform says by its own (DB_HOST, PORT). */
const reserved =
  /^(PATH|HOME|PWD|SHELL|USER|LOGNAME|HOSTNAME|IFS|ENV|BASH_ENV|PORT|BUILD_COMMAND|PHPRC|PHP_INI_SCAN_DIR|DATABASE_URL|DB_(HOST|PORT|SOCKET|NAME|USER|PASSWORD)|(LD|HOSTING)_.*)$/

/** @throws HostingError invalid-name */
export function parseVariableName(text: string): string {
  const shown = text.length > 80 ? `${text.slice(0, 80)}…` : text
  if (!/^[A-Za-z_][A-Za-z0-9_]*$/.test(text) || text.length > maxNameLength)
    throw new HostingError('invalid-name', `"${shown}" can't be the name of a variable`, {
      hint: `Use up to ${maxNameLength} letters, digits and underscores, not a digit first.`,
    })
  if (reserved.test(text))
    throw new HostingError('invalid-name', `${shown} is set by the platform and can't be changed`, {
      hint: 'Choose another name.',
    })
  return text
}

/** @throws HostingError usage, too-large. The value is in no message. */
export function checkVariableValue(name: string, value: string): void {
  if (value.includes('\0'))
    throw new HostingError('usage', `The value of ${name} holds a NUL character, which no environment can`, {
      hint: 'Encode it, as base64 for instance.',
    })
  if (Buffer.byteLength(value) > maxValueBytes)
    throw new HostingError('too-large', `The value of ${name} is over ${maxValueBytes} bytes`, {
      hint: 'Keep large texts in a file of the repository or in storage.',
    })
}

/** All of a site's variables together. @throws HostingError too-large */
export function checkEnvironment(environment: Readonly<Record<string, string>>): void {
  const variables = Object.entries(environment)
  const bytes = variables.reduce((sum, [name, value]) => sum + Buffer.byteLength(name) + Buffer.byteLength(value), 0)
  if (variables.length <= maxVariables && bytes <= maxEnvironmentBytes) return
  throw new HostingError(
    'too-large',
    `A site has at most ${maxVariables} variables, of ${maxEnvironmentBytes} bytes in all`,
    { hint: 'env:unset removes those that are not needed any more.' },
  )
}
