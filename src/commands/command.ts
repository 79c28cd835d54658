// What a command is made of, and the two ways to define one. Both ask for permission before anything is done; a site is found
// and its permission asked for here only, so that a new command is protected without a thought.
import { z } from 'zod'
import {
  type PlatformAction,
  type SiteAction,
  authorize,
  authorizeOwn,
  authorizePlatform,
  noSuchSite,
} from '../access/authorize.ts'
import { HostingError } from '../errors/hosting-error.ts'
import { parseSiteName } from '../names/host-name.ts'
import type { Site } from '../store/sites.ts'
import { renderUsage } from './help-text.ts'
import type { Argument, Shown } from './shown.ts'
import type { CommandContext, Outcome } from './types.ts'

export type Typed = Readonly<Record<string, unknown>>

export interface Command extends Shown {
  /** @throws HostingError usage, not-found, forbidden, and what the command itself throws */
  execute(context: CommandContext, typed: Typed): Promise<Outcome | undefined>
}

interface Definition<Input> extends Shown {
  readonly input: z.ZodType<Input>
}

interface PlainDefinition<Input> extends Definition<Input> {
  readonly permission: PlatformAction | 'signed-in' | 'anybody'
  readonly run: (context: CommandContext, input: Input) => Promise<Outcome | undefined>
}

export interface SiteContext extends CommandContext {
  readonly site: Site
}

interface SiteDefinition<Input> extends Definition<Input> {
  readonly permission: SiteAction
  /** Whether this input changes something, so that `toChange` is needed. */
  readonly changes?: (input: Input) => boolean
  readonly run: (context: SiteContext, input: Input) => Promise<Outcome | undefined>
}

/** A command that is about no site, or about one that is not there yet. */
export function command<Input>({ input, run, ...shown }: PlainDefinition<Input>): Command {
  return {
    ...shown,
    async execute(context, typed) {
      if (shown.permission === 'signed-in') authorizeOwn(context.account)
      else if (shown.permission !== 'anybody') authorizePlatform(context.account, shown.permission)
      return await run(context, parseInput(shown, input, typed))
    },
  }
}

/** A command about one site, its first argument. */
export function siteCommand<Input>({ input, run, changes, ...shown }: SiteDefinition<Input>): Command {
  const withSite = { ...shown, arguments: [siteArgument, ...(shown.arguments ?? [])] }
  return {
    ...withSite,
    async execute(context, typed) {
      const parsed = parseInput(withSite, input, typed)
      const toChange = changes?.(parsed) === true ? shown.toChange : undefined
      const site = await findSite(context, typed, toChange ?? shown.permission)
      return await run({ ...context, site }, parsed)
    },
  }
}

const siteArgument: Argument = { name: 'site', description: 'its name: example.org, or a short one such as demo' }
const siteInput = z.object({ site: z.string() })

async function findSite(context: CommandContext, typed: Typed, action: SiteAction): Promise<Site> {
  const name = parseSiteName(siteInput.parse(typed).site, context.config['base-domain'])
  const site = await context.store.sites.find(name)
  if (site === undefined) throw noSuchSite(name)
  await authorize(context.store, context.account, { action, site })
  return site
}

function parseInput<Input>(shown: Shown, schema: z.ZodType<Input>, typed: Typed): Input {
  const parsed = schema.safeParse(typed)
  if (parsed.success) return parsed.data
  const [issue] = parsed.error.issues
  throw new HostingError('usage', `${labelOf(shown, String(issue?.path[0]))}: ${issue?.message ?? 'not understood'}`, {
    hint: `${renderUsage(shown)}\nhelp ${shown.name} says more.`,
  })
}

function labelOf(shown: Shown, name: string): string {
  return shown.arguments?.some((argument) => argument.name === name) === true ? name.toUpperCase() : `--${name}`
}
