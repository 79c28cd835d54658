// What a site keeps: how much, where, what differs from the repository, and how that is fetched.
import { sshCommand } from '../../config/ssh-command.ts'
import type { StorageSurvey } from '../../data/storage/storages.ts'
import { printable } from '../../errors/render.ts'
import { siteCommand } from '../command.ts'
import { nothing } from '../inputs.ts'
import { done, renderFacts } from '../output/outcome.ts'
import { type Column, renderTable } from '../output/table.ts'
import { renderBytes, type View } from '../output/view.ts'

export const storage = siteCommand({
  name: 'storage',
  group: 'Environment',
  summary: 'Show what a site keeps across releases',
  description:
    'Each path that the live release may write: its size, and what differs there from what the repository holds.\nNothing is ever written over: what the repository holds is copied once, where storage has nothing of that name.',
  examples: ['storage demo', 'storage demo --json'],
  permission: 'site:read',
  input: nothing,
  run: async ({ config, deployments, site }) => {
    const survey = await deployments.surveyStorage(site)
    if (survey === undefined)
      return done({ paths: [] }, `${site.name} keeps nothing: it is a static site, or nothing has been deployed yet`)
    return {
      data: survey,
      text: (view) => [...renderSurvey(survey, view), ...renderOffer(`${sshCommand(config)} run ${site.name}`, survey)],
    }
  },
})

type Row = StorageSurvey['paths'][number]

function renderSurvey(survey: StorageSurvey, view: View): string[] {
  const { enforced, quota, used, paths, elsewhere, partial } = survey
  const limit = enforced ? renderBytes(quota.bytes) : `${renderBytes(quota.bytes)}, not enforced here (docs/storage.md)`
  const rows = [...paths, ...(elsewhere.files > 0 ? [{ ...elsewhere, path: '(elsewhere)', drift: null }] : [])]
  return [
    ...renderFacts(
      [
        ['Used', renderBytes(used.bytes)],
        ['Quota', limit],
        ...(enforced
          ? [['Files', `${used.files} of at most ${quota.files}, folders and PHP’s sessions among them`] as const]
          : []),
      ],
      view,
    ),
    ...(partial ? ['There is too much to look at all of it: sizes and files are less than there are.'] : []),
    '',
    ...(rows.length === 0
      ? ['No path is kept. `storage` in hosting.toml lists those that the site may write.']
      : renderTable(columns, rows, view)),
    ...(elsewhere.names.length === 0
      ? []
      : [`(elsewhere) is what no path of the live release holds: ${printable(elsewhere.names.join(', '))}`]),
  ]
}

/** An installer's settings, for instance: a push that has them, too, can be started anew from. */
function renderOffer(run: string, { paths }: StorageSurvey): string[] {
  const written = paths.find(isWritten)
  if (written === undefined) return []
  const path = written.path.replace(/\/$/, '')
  const command = `${run} -- tar -ch ${quoteWord(path)} | tar -x`
  return ['', 'To commit what the site has written, fetch it into a clone of the repository:', `  ${command}`]
}

/** Beside what the repository holds, or a single file that it does not: whole folders that it does not hold are uploads and caches. */
function isWritten({ path, files, drift }: Row): boolean {
  return drift === null ? files > 0 && !path.endsWith('/') : drift.changed + drift.added > 0
}

/** For a shell. */
function quoteWord(text: string): string {
  return /^[\w./-]+$/.test(text) ? text : `'${text.replaceAll("'", String.raw`'\''`)}'`
}

const columns: readonly Column<Row>[] = [
  { head: 'PATH', cell: (row) => row.path },
  { head: 'SIZE', cell: (row) => renderBytes(row.bytes) },
  { head: 'FILES', cell: (row) => String(row.files) },
  { head: 'BESIDE THE REPOSITORY', cell: ({ drift }) => (drift === null ? '-' : renderDrift(drift)) },
]

function renderDrift(drift: NonNullable<Row['drift']>): string {
  const parts = (['changed', 'added', 'missing'] as const).filter((key) => drift[key] > 0)
  return parts.length === 0 ? 'the same' : parts.map((key) => `${drift[key]} ${key}`).join(', ')
}
