// Writes the pages that are derived from code: docs/commands.md from the registry, docs/configuration.md from the schema,
// docs/errors.md from the catalogue. With --check it only says whether they are current; a test asks the same.
import { readFile, writeFile } from 'node:fs/promises'
import { z } from 'zod'
import type { Command } from '../src/commands/command.ts'
import { renderPage, renderUsage } from '../src/commands/help-text.ts'
import { viewFor } from '../src/commands/output/view.ts'
import { registry } from '../src/commands/registry.ts'
import { groups } from '../src/commands/shown.ts'
import { configKeys, envName } from '../src/config/load.ts'
import { configSchema } from '../src/config/schema.ts'
import { catalogue } from '../src/errors/catalogue.ts'

const note = '<!-- Made by scripts/docs.ts (npm run docs). Change the code, not this page. -->'

/** Path below the repository's root → content. */
export function renderDocs(): Record<string, string> {
  return {
    'docs/commands.md': page(commandsPage()),
    'docs/configuration.md': page(configurationPage()),
    'docs/errors.md': page(errorsPage()),
  }
}

function page(lines: readonly string[]): string {
  return `${[note, '', ...lines].join('\n').trimEnd()}\n`
}

function commandsPage(): string[] {
  return [
    '# Commands',
    '',
    'The same over SSH (`ssh -p 2222 git@host COMMAND`) and with the `hosting` command on the server.',
    'A site is named by its host name, or by a short name that means a name below the base domain.',
    '',
    '`--json` is understood by every command and prints what the command has to say as JSON; keys are camelCase and stable, times are',
    'ISO 8601 in UTC. `logs --json` prints an object a line. Messages and progress then go to standard error. On a terminal tables are cut to',
    'its width and times are relative; through a pipe nothing is cut, there are no colours, and times are ISO 8601.',
    '',
    'Exit statuses: 0 done, 1 internal, 2 usage, 3 not found, 4 not allowed, 5 busy or conflict, 6 build failed, 7 unhealthy,',
    '130 interrupted ([errors.md](errors.md)).',
    '',
    ...groups.flatMap((group) => [`## ${group}`, '', ...inGroup(group).flatMap(commandSection)]),
  ]
}

function inGroup(group: string): Command[] {
  return registry.filter((command) => command.group === group)
}

function commandSection(command: Command): string[] {
  const [, ...body] = renderPage(command, viewFor(undefined, new Date(0)))
  return [`### ${command.name}`, '', '```', renderUsage(command), '', ...body, '```', '']
}

function configurationPage(): string[] {
  return [
    '# Configuration of the platform',
    '',
    'Each key may be given in the configuration file (TOML; `--config FILE` or `HOSTING_CONFIG`, installed `/etc/hosting/hosting.toml`),',
    'as an environment variable, or as a flag of the daemon (`npm start -- --http-port 80`). A flag wins over the environment, that over the',
    'file, that over the default. An unknown key or flag is an error.',
    '',
    ...table(['Key and flag', 'Environment', 'Type', 'Default', 'Meaning'], configKeys.map(configurationRow)),
  ]
}

const jsonSchema = z.object({
  properties: z.record(
    z.string(),
    z.object({
      type: z.string().optional(),
      enum: z.array(z.string()).optional(),
      minimum: z.number().optional(),
      maximum: z.number().optional(),
      exclusiveMinimum: z.number().optional(),
    }),
  ),
})
const { properties } = jsonSchema.parse(z.toJSONSchema(configSchema, { io: 'input' }))
const defaults: Readonly<Record<string, string | number | boolean>> = configSchema.parse({})

function configurationRow(key: (typeof configKeys)[number]): string[] {
  const value = defaults[key]
  const { description = '' } = configSchema.unwrap().shape[key]
  return [
    `\`${key}\` \`--${key}\``,
    `\`${envName(key)}\``,
    typeOf(key),
    value === '' ? 'empty' : `\`${String(value)}\``,
    description,
  ]
}

function typeOf(key: string): string {
  const { type = 'true or false', enum: values, minimum, maximum, exclusiveMinimum } = properties[key] ?? {}
  if (values !== undefined) return values.join(', ')
  if (exclusiveMinimum !== undefined) return `${type} above ${exclusiveMinimum}`
  if (maximum !== undefined && maximum < Number.MAX_SAFE_INTEGER) return `${type}, ${minimum ?? ''} to ${maximum}`
  return minimum === undefined ? type : `${type}, at least ${minimum}`
}

function errorsPage(): string[] {
  return [
    '# Errors',
    '',
    'Every error says what happened and what to do next. Its code is stable; over SSH the exit status tells its kind.',
    '',
    ...table(
      ['Code', 'Exit status', 'HTTP status', 'Meaning'],
      Object.entries(catalogue).map(([code, { exitCode, httpStatus, doc }]) => [
        `\`${code}\``,
        String(exitCode),
        String(httpStatus),
        doc,
      ]),
    ),
  ]
}

function table(head: readonly string[], rows: readonly (readonly string[])[]): string[] {
  return [head, head.map(() => '---'), ...rows].map((cells) => `| ${cells.join(' | ')} |`)
}

async function main(check: boolean): Promise<void> {
  for (const [path, content] of Object.entries(renderDocs())) {
    const file = new URL(`../${path}`, import.meta.url)
    if (!check) await writeFile(file, content)
    else if ((await readFile(file, 'utf8')) !== content) {
      process.stderr.write(`${path} is out of date: npm run docs\n`)
      process.exitCode = 1
    }
  }
}

if (import.meta.main) await main(process.argv.includes('--check'))
