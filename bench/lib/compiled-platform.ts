// The platform as it runs for its users: compiled, where tests run the sources. (Stripping types takes memory and time of its own.)
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { projectRoot } from '../../tests/helpers/paths.ts'
import { Platform } from '../../tests/helpers/platform.ts'
import { registerSites } from './sites.ts'

interface Wanted {
  readonly flags?: Readonly<Record<string, string>>
  /** How many registered sites it has from the start. */
  readonly sites?: number
}

/** Everything but the daemon. */
export async function prepareCompiled({ flags = {}, sites = 0 }: Wanted = {}): Promise<Platform> {
  const platform = await Platform.prepare({ flags: { 'log-level': 'error', ...flags }, under: compiled() })
  if (sites > 0) await registerSites(platform.home, sites)
  return platform
}

export async function startCompiled(wanted: Wanted = {}): Promise<Platform> {
  const platform = await prepareCompiled(wanted)
  try {
    await platform.start()
    return platform
  } catch (error) {
    await platform[Symbol.asyncDispose]()
    throw error
  }
}

/** What is put before the command line of the sources' daemon: a process that takes its flags and runs the compiled one instead. */
function compiled(): string[] {
  const main = join(projectRoot, 'dist/main.js')
  if (!existsSync(main)) throw new Error(`${main} is not there: npm run build`)
  const run = `const flags = process.argv.slice(process.argv.findIndex((word) => word.endsWith('/src/main.ts')) + 1)
process.argv = [process.execPath, ${JSON.stringify(main)}, ...flags]
import(${JSON.stringify(main)})`
  return [process.execPath, '--enable-source-maps', '--expose-gc', '--eval', run, '--']
}
