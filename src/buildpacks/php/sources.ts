// What a repository says about its PHP site in files of its own: composer.json, .php-version, Procfile.
import { join } from 'node:path'
import { parseProcfile, type Procfile } from '../procfile.ts'
import { readRepositoryFile } from '../repository-file.ts'
import { type ComposerJson, parseComposerJson } from './composer-json.ts'

export interface Sources {
  readonly composer: ComposerJson | undefined
  readonly versionFile: string | undefined
  readonly procfile: Procfile
}

/** @throws HostingError invalid-site-config */
export async function readSources(tree: string): Promise<Sources> {
  const read = async (name: string) =>
    (await readRepositoryFile({ name, path: join(tree, name), maxBytes: 1024 * 1024 }))?.toString('utf8')
  const [composerJson, versionFile, procfile] = await Promise.all(
    ['composer.json', '.php-version', 'Procfile'].map(read),
  )
  return {
    composer: composerJson === undefined ? undefined : parseComposerJson(composerJson),
    versionFile,
    procfile: parseProcfile(procfile ?? ''),
  }
}
