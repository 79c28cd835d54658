// The build of a static site: run its command if it has one, find the document root, read its rules, publish, write nginx.conf.
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { SiteConfig } from '../site-config-schema.ts'
import type { BuildRequest } from '../types.ts'
import { runBuildCommand } from './build-command.ts'
import { fromText } from './byte-string.ts'
import { findDocumentRoot, type FoundRoot } from './document-root.ts'
import { loadMediaTypes } from './media-types.ts'
import { noteMissingPages } from './missing-pages.ts'
import { renderNginx } from './nginx.ts'
import { partitionOf } from './partition.ts'
import { type Publication, publishAll, type Published } from './publish.ts'
import { type BuildRecord, readRecord, recordKey, writeRecord } from './record.ts'
import { changesBelow, republish } from './republish.ts'
import { type ReadRules, readRules } from './rules.ts'
import type { Seen } from './walk.ts'

/** @returns notes for the pusher */
export async function buildStatic(request: BuildRequest, config: SiteConfig): Promise<string[]> {
  const { directory, signal } = request
  const source = `${directory}/tree`
  const tree = config.build === undefined ? source : await runBuildCommand(request, config.build.command)
  signal.throwIfAborted()
  const root = await findDocumentRoot({
    tree: fromText(tree),
    wanted: config.build?.output ?? config.root,
    ...(tree === source ? {} : { source: fromText(source) }),
  })
  const rules = await readRules(root)
  const types = await loadMediaTypes()
  await writeFile(join(directory, 'nginx.conf'), renderNginx(rules, types.text), {
    flag: 'wx',
    mode: 0o644,
    encoding: 'latin1',
  })
  const { seen } = await publish(request, { root, rules, compressible: types.compressible, built: tree !== source })
  const unused = [
    ...((config.storage?.length ?? 0) > 0 ? ['storage is not used: a static site writes nothing'] : []),
    ...((config.cron?.length ?? 0) > 0 ? ['cron is not used: nothing runs in a static site'] : []),
  ]
  return [
    ...describe(root, rules, seen),
    ...unused,
    ...(await noteMissingPages(fromText(directory), root, rules.redirects)),
  ]
}

interface Content {
  readonly root: FoundRoot
  readonly rules: ReadRules
  readonly compressible: ReadonlySet<string>
  readonly built: boolean
}

async function publish(request: BuildRequest, { root, rules, compressible, built }: Content): Promise<Published> {
  const { directory, previous, changedPaths } = request
  const record = previous && (await readRecord(previous.directory))
  const publication: Publication = {
    root,
    release: fromText(directory),
    partition: partitionOf(rules),
    compressible,
    signal: request.signal,
    ...(previous && record
      ? { earlier: { release: fromText(previous.directory), supplied: new Set(record.supplied) } }
      : {}),
  }
  const key = recordKey(built ? `built:${root.folder}` : root.folder, ...rules.contents)
  const change =
    record?.key === key && !built && changedPaths !== undefined
      ? changesBelow(changedPaths, root.folder, record)
      : undefined
  const published = (change && (await republish(publication, change))) ?? (await publishAll(publication))
  await writeRecord(directory, toRecord(key, published))
  return published
}

function toRecord(key: string, { seen, supplied }: Published): BuildRecord {
  const { files, links, linksOut, programs } = seen
  return { key, files, links, linksOut, programs, supplied: [...supplied] }
}

function describe(root: FoundRoot, { redirects, headers }: ReadRules, { linksOut, programs }: Seen): string[] {
  return [
    root.note,
    ...(redirects.length > 0 ? [count(redirects.length, 'redirect')] : []),
    ...(headers.length > 0 ? [count(headers.length, 'header')] : []),
    ...(linksOut > 0
      ? [`${count(linksOut, 'symbolic link')} not followed: out of the document root, or to nothing`]
      : []),
    ...(programs > 0 ? [`${count(programs, 'PHP file')} not served: this is a static site`] : []),
  ]
}

function count(number: number, noun: string): string {
  return `${number} ${noun}${number === 1 ? '' : 's'}`
}
