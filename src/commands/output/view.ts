// How things look to whoever asked: colours and relative times on a terminal, plain text and ISO times elsewhere.
import picocolors from 'picocolors'
import type { Colors } from 'picocolors/types.js'
import type { Terminal } from '../../lib/terminal.ts'

export interface View {
  readonly colors: Colors
  /** Undefined: not a terminal, nothing is cut. */
  readonly columns: number | undefined
  readonly now: Date
}

const fallbackColumns = 80

export function viewFor(terminal: Terminal | undefined, now: Date): View {
  // picocolors itself would look at the terminal of the daemon.
  const colors = picocolors.createColors(terminal !== undefined)
  return { colors, columns: terminal && (terminal.columns || fallbackColumns), now }
}

/** A moment as a person reads it ("3 min ago"), or as a script does. */
export function renderTime(time: string | null, view: View): string {
  if (time === null) return '-'
  return view.columns === undefined ? time : ago(new Date(time), view.now)
}

/** A moment to come: "in 3 min". */
export function renderNextTime(time: string | null, view: View): string {
  if (time === null) return '-'
  if (view.columns === undefined) return time
  const seconds = Math.max(0, Math.round((Date.parse(time) - view.now.getTime()) / 1000))
  const unit = units.find((each) => seconds >= each.seconds)
  return unit === undefined ? `in ${seconds} s` : `in ${Math.floor(seconds / unit.seconds)} ${unit.name}`
}

const units = [
  { name: 'd', seconds: 86_400 },
  { name: 'h', seconds: 3600 },
  { name: 'min', seconds: 60 },
] as const

export function ago(time: Date, now: Date): string {
  const seconds = Math.round((now.getTime() - time.getTime()) / 1000)
  if (seconds >= 60 * 86_400) return time.toISOString().slice(0, 10)
  const unit = units.find((each) => seconds >= each.seconds)
  if (unit !== undefined) return `${Math.floor(seconds / unit.seconds)} ${unit.name} ago`
  return seconds < 1 ? 'now' : `${seconds} s ago`
}

/** 512 B, 4.2 kB, 310 MB: powers of 1000. */
export function renderBytes(bytes: number): string {
  const units = ['B', 'kB', 'MB', 'GB', 'TB'] as const
  const power = Math.min(Math.floor(Math.log10(Math.max(bytes, 1)) / 3), units.length - 1)
  const value = bytes / 1000 ** power
  return `${power === 0 || value >= 100 ? Math.round(value) : value.toFixed(1)} ${units[power] ?? 'B'}`
}

/** 0.42 s, 12.3 s, 2 min 5 s */
export function renderDuration(ms: number | null): string {
  if (ms === null) return '-'
  if (ms < 10_000) return `${(ms / 1000).toFixed(2)} s`
  if (ms < 60_000) return `${(ms / 1000).toFixed(1)} s`
  const seconds = Math.round(ms / 1000)
  return `${Math.floor(seconds / 60)} min ${seconds % 60} s`
}
