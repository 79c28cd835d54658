// What people see of a command: in help, in messages and in docs/commands.md.
import type { PlatformAction, SiteAction } from '../access/authorize.ts'

export interface Argument {
  readonly name: string
  readonly description: string
  readonly optional?: true
  /** Takes all words that are left. */
  readonly rest?: true
}

export interface Option {
  /** As commander reads it: `-n, --lines <count>` */
  readonly flags: string
  readonly description: string
  /** Given several times, it takes several values. */
  readonly repeatable?: true
}

export const groups = [
  'Sites',
  'Releases',
  'Environment',
  'Database',
  'Domains',
  'Certificates',
  'Visitors',
  'Access',
  'Keys',
  'Passwords and tokens',
  'Accounts',
  'General',
] as const

export interface Shown {
  /** `verb`, `nouns` or `topic:verb` */
  readonly name: string
  readonly group: (typeof groups)[number]
  /** One line, without a full stop. */
  readonly summary: string
  /** More, where one line is not enough. */
  readonly description?: string
  readonly arguments?: readonly Argument[]
  readonly options?: readonly Option[]
  readonly examples: readonly string[]
  /** What follows its first argument is a program's: options there are no options of ours. */
  readonly wordsAreAnothers?: true
  readonly permission: Permission
  /** What is needed beyond `permission` once the command is to change something. */
  readonly toChange?: SiteAction
}

/** `signed-in`: every account, as far as it concerns only itself; `anybody`: whoever came in, also with an app token. */
export type Permission = SiteAction | PlatformAction | 'signed-in' | 'anybody'
