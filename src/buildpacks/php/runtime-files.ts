// What an instance of a PHP release starts from: the server's name, its configuration, PHP's settings.
import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fromText } from '../static/byte-string.ts'
import { loadMediaTypes } from '../static/media-types.ts'
import type { BuildRequest } from '../types.ts'
import { renderApache } from './apache.ts'
import type { ChosenServer } from './choose-server.ts'
import type { Layout } from './layout.ts'
import { renderPhpNginx, type SiteRules } from './nginx.ts'
import type { TreeFacts } from './tree-facts.ts'

export interface RuntimeFiles {
  readonly ini: string
  readonly server: ChosenServer
  readonly version: string
  readonly layout: Layout
  readonly facts: TreeFacts
}

export async function writeRuntimeFiles({ directory }: BuildRequest, files: RuntimeFiles): Promise<void> {
  const { ini, server, version, layout, facts } = files
  const rules = siteRules(layout, server)
  const write = (name: string, text: string) =>
    writeFile(join(directory, name), text, { flag: 'wx', mode: 0o644, encoding: 'latin1' })
  await mkdir(join(directory, 'php'), { mode: 0o755 })
  await write('php/site.ini', fromText(ini))
  await write('server', `${server.server}\n`)
  if (server.server === 'apache')
    await write('apache.conf', renderApache({ ...rules, version, userIni: facts.userIni }))
  else await write('nginx.conf', renderPhpNginx(rules, (await loadMediaTypes()).text))
}

function siteRules({ app, root }: Layout, server: ChosenServer): SiteRules {
  const isPlain = app === undefined && root.folder === '.'
  return {
    folder: root.folder,
    frontController: isPlain ? 'pages' : 'all',
    deny: app?.deny ?? [],
    denied: server.denied,
    withoutPhp: [...(app?.withoutPhp ?? []), ...server.withoutPhp],
  }
}
