// What an account is told of its uploads: at once if it listens, when it comes the next time, and by mail. Pure, but for the mail.
import { renderError } from '../errors/render.ts'
import type { Config } from '../config/load.ts'
import type { Outcome } from './commit-view.ts'
import { listed, shown } from './message.ts'
import { keptOf } from './park.ts'
import type { RefusedFor } from './state.ts'
import type { View } from './view.ts'

/** Lines for the account; none: there is nothing to tell. */
export function describe(outcome: Outcome, site: string): string[] {
  switch (outcome.is) {
    case 'unchanged':
      return []
    case 'live':
      return describeLeftOut(outcome.leftOut, site)
    case 'refused':
      return [
        `✗ ${site}: your last upload (${files(outcome.files)}) is not live. The release before it serves on.`,
        ...renderError(outcome.error).map((line) => `  ${line}`),
        `  It is kept in your view and as branch ${outcome.branch}. Correct it there; it is tried again with the next change.`,
      ]
    case 'conflict':
      return [
        `✗ ${site}: somebody else has changed what you uploaded:`,
        ...listed(outcome.conflicts).map((line) => `    ${line}`),
        `  Theirs is live; yours is kept in your view and as branch ${outcome.branch}.`,
        `  ${replaceTheirs}`,
        ...(outcome.rest === undefined ? [] : describe(outcome.rest, site)),
      ]
    case 'too-large':
      return [`✗ ${site}: your upload was not committed.`, ...renderError(outcome.error).map((line) => `  ${line}`)]
  }
}

/** Whoever copies something else meanwhile is told that this is not live still. */
export function describeKept({ siteName, state }: View): string[] {
  return [
    `✗ ${siteName}: not live, for somebody else has changed it, too:`,
    ...listed(keptOf(state)).map((line) => `    ${line}`),
    `  ${replaceTheirs}`,
  ]
}

const replaceTheirs = 'Upload it again (rsync -I) to replace theirs, or remove it to get theirs back.'

/** What an account has not been told, or has to do something about. */
export function noticesOf(view: View, config: Config): string[] {
  const { siteName, state } = view
  const kept = state.inConflict || keptOf(state).length === 0 ? [] : describeKept(view)
  return [...state.notices, ...kept, ...describeCutOff(siteName, state.cutOff), ...describeRefused(view, config)]
}

/** Of these, what it has to do something about. */
export function troublesOf(view: View, config: Config): string[] {
  return view.state.failed
    ? noticesOf(view, config)
    : noticesOf({ ...view, state: { ...view.state, notices: [], inConflict: false } }, config)
}

export function describeRefused({ siteName, state }: View, config: Config): string[] {
  const refused = Object.entries(state.refused)
  return Object.entries(reasons).flatMap(([reason, explain]) => {
    const paths = refused.filter(([, why]) => why === reason).map(([path]) => path)
    if (paths.length === 0) return []
    const { why, hint } = explain(config, siteName)
    return [`✗ ${siteName}: ${why}. Refused:`, ...listed(paths).map((line) => `    ${line}`), `  ${hint}`]
  })
}

/** One line, for whoever is just writing it. */
export function describeRefusal(refused: { path: string; why: RefusedFor; site: string }, config: Config): string {
  return `✗ ${refused.site}: ${shown(refused.path)} is refused: ${reasons[refused.why](config, refused.site).why}.`
}

export function describeFull(site: string, config: Config): string {
  const { why, hint } = reasons['tree-full'](config, site)
  return `✗ ${site}: ${why}. ${hint.replace(`${kept} `, '')}`
}

export function describeCrowded(site: string, config: Config): string {
  const most = 2 * config['max-files']
  return `✗ ${site}: more than ${most} files and folders are in your view of it. This session ends; in the next one, remove some.`
}

type Reason = (config: Config, site: string) => { readonly why: string; readonly hint: string }

const kept = 'What is there of them is not live.'

const reasons: Readonly<Record<RefusedFor, Reason>> = {
  'file-size': (config) => ({
    why: `no file may be larger than ${config['max-release-mb']} MB`,
    hint: `${kept} Remove them, or upload smaller ones; a push may carry large ones by Git LFS.`,
  }),
  'storage-full': (_config, site) => ({
    why: 'its storage is full',
    hint: `storage ${site}   shows what takes the room. Remove something there.`,
  }),
  'tree-full': (config) => ({
    why: `your files there have more than ${2 * config['max-release-mb']} MB`,
    hint: `${kept} Remove what need not be published; until then nothing more is taken.`,
  }),
  'disk-full': () => ({ why: 'the server has no room left', hint: `${kept} Its administrator can make room.` }),
}

function describeCutOff(site: string, paths: readonly string[]): string[] {
  if (paths.length === 0) return []
  return [
    `✗ ${site}: an upload was cut off. These are kept to be resumed, and not live:`,
    ...listed(paths).map((line) => `    ${line}`),
  ]
}

function describeLeftOut(paths: readonly string[], site: string): string[] {
  if (paths.length === 0) return []
  return [`${site}: not committed, as Git's own or no file: ${listed(paths, 5).join(', ')}`]
}

function files(count: number): string {
  return count === 1 ? '1 file' : `${count} files`
}
