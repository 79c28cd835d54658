// Help as text: the overview of all commands and the page of one. Pure, 80 columns wide.
import type { Command } from './command.ts'
import type { View } from './output/view.ts'
import { type Shown, groups } from './shown.ts'

/** `logs SITE [-f] [-n LINES]` */
export function renderUsage(shown: Shown): string {
  return [renderCall(shown), ...(shown.options ?? []).map(({ flags }) => `[${shortFlag(flags)}]`)].join(' ')
}

/** `releases SITE [NUMBER]` */
function renderCall({ name, arguments: args = [] }: Shown): string {
  const labels = args.map(({ name: argument, rest, optional }) => {
    const label = argument.toUpperCase() + (rest === true ? '…' : '')
    return optional === true ? `[${label}]` : label
  })
  return [name, ...labels].join(' ')
}

/** `-n, --lines <count>` → `-n COUNT`; `--role <role>` → `--role ROLE` */
function shortFlag(flags: string): string {
  const value = /<(.+)>/.exec(flags)?.[1]?.toUpperCase()
  const flag = flags.split(/[ ,]/)[0] ?? flags
  return value === undefined ? flag : `${flag} ${value}`
}

const summaryColumn = 32

export function renderOverview(commands: readonly Command[], view: View): string[] {
  const sections = groups.flatMap((group) => {
    const listed = commands.filter((command) => command.group === group)
    return listed.length === 0 ? [] : [view.colors.bold(group), ...listed.map((each) => overviewLine(each, view))]
  })
  return [...sections, '', 'help COMMAND says more of one. --json is understood everywhere.']
}

function overviewLine(shown: Shown, view: View): string {
  return `  ${`${renderCall(shown)} `.padEnd(summaryColumn - 2)}${view.colors.dim(shown.summary)}`
}

export function renderPage(shown: Shown, view: View): string[] {
  const args = (shown.arguments ?? []).map((argument) => [argument.name.toUpperCase(), argument.description] as const)
  const options = [...(shown.options ?? []), jsonOption].map(({ flags, description }) => [flags, description] as const)
  return [
    view.colors.bold(renderUsage(shown)),
    `${shown.summary}.`,
    ...(shown.description === undefined ? [] : shown.description.split('\n')),
    ...section('Arguments', args, view),
    ...section('Options', options, view),
    ...section(
      'Examples',
      shown.examples.map((example) => [example, ''] as const),
      view,
    ),
    '',
    `Who may: ${renderPermission(shown)}.`,
  ]
}

export const jsonOption = { flags: '--json', description: 'print JSON, for scripts' }

function section(title: string, rows: readonly (readonly [string, string])[], view: View): string[] {
  const width = Math.max(...rows.map(([label]) => label.length))
  const lines = rows.map(([label, text]) => `  ${label.padEnd(width)}  ${text}`.trimEnd())
  return rows.length === 0 ? [] : ['', view.colors.bold(title), ...lines]
}

const permissions = {
  'signed-in': 'every account',
  anybody: 'every account, and app tokens',
  'site:create': 'every account',
  'site:read': 'those with read access to the site',
  'site:push': 'those with write access to the site',
  'site:operate': 'those with write access to the site',
  'site:configure': 'its owner and admins',
  'site:destroy': 'its owner and admins',
  'account:manage': 'admins',
  'platform:read': 'admins',
  'platform:change': 'admins',
} as const satisfies Record<Shown['permission'], string>

export function renderPermission({ permission, toChange }: Shown): string {
  return toChange === undefined
    ? permissions[permission]
    : `${permissions[permission]}; to change it, ${permissions[toChange]}`
}
