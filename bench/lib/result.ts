// What a benchmark measured, beside its floor in the same run: as a table for people, as JSON for comparing later.
import { mkdir, writeFile } from 'node:fs/promises'
import { cpus, release, totalmem } from 'node:os'
import { type Column, renderTable } from '../../src/commands/output/table.ts'
import { viewFor } from '../../src/commands/output/view.ts'
import { exec } from '../../src/lib/exec.ts'

/** A bound of the ratio to the floor, or of the value itself where there is no floor. */
export type Goal = { readonly atLeast: number } | { readonly atMost: number }

export interface Result {
  readonly name: string
  readonly unit: string
  /** Medians over the runs. */
  readonly value: number
  readonly floor: number | null
  readonly ratio: number | null
  /** As text: "≥ 0.85". null: reported only. */
  readonly goal: string | null
  readonly ok: boolean
  readonly runs: readonly Run[]
}

/** One run: what was measured, and its floor right before or after it. */
export interface Run {
  readonly value: number
  readonly floor?: number
}

export interface Bench {
  readonly name: string
  run(): Promise<Result[]>
}

interface Measured {
  readonly name: string
  readonly unit: string
  readonly goal?: Goal
  readonly runs: readonly Run[]
}

/** Makes a result of runs: medians, the median of the ratios of neighbouring runs, and whether the goal is met. */
export function resultOf({ name, unit, goal, runs }: Measured): Result {
  const floors = runs.flatMap(({ floor }) => (floor === undefined ? [] : [floor]))
  const ratios = runs.flatMap(({ value, floor }) => (floor === undefined ? [] : [value / floor]))
  const value = median(runs.map((run) => run.value))
  const ratio = ratios.length === 0 ? null : median(ratios)
  return {
    name,
    unit,
    value: rounded(value),
    floor: floors.length === 0 ? null : rounded(median(floors)),
    ratio: ratio === null ? null : rounded(ratio),
    goal: goal === undefined ? null : renderGoal(goal),
    ok: goal === undefined || isMet(goal, ratio ?? value),
    runs,
  }
}

export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b)
  const middle = Math.floor(sorted.length / 2)
  const upper = sorted[middle]
  if (upper === undefined) throw new Error('There is no median of nothing')
  return sorted.length % 2 === 1 ? upper : (upper + (sorted[middle - 1] ?? upper)) / 2
}

function isMet(goal: Goal, value: number): boolean {
  return 'atLeast' in goal ? value >= goal.atLeast : value <= goal.atMost
}

function renderGoal(goal: Goal): string {
  return 'atLeast' in goal ? `≥ ${goal.atLeast}` : `≤ ${goal.atMost}`
}

function rounded(value: number): number {
  return Number(value.toPrecision(4))
}

const columns: readonly Column<Result>[] = [
  { head: '', cell: ({ name }) => name },
  { head: 'value', cell: ({ value, unit }) => `${value} ${unit}` },
  { head: 'floor', cell: ({ floor, unit }) => (floor === null ? '' : `${floor} ${unit}`) },
  { head: 'ratio', cell: ({ ratio }) => (ratio === null ? '' : String(ratio)) },
  { head: 'goal', cell: ({ goal }) => goal ?? '' },
  { head: '', cell: ({ goal, ok }) => (goal === null ? '' : ok ? '✓' : '✗') },
]

export function renderResults(results: readonly Result[]): string {
  return renderTable(columns, results, viewFor(undefined, new Date())).join('\n')
}

const resultDirectory = new URL('../results/', import.meta.url)

/** Writes bench/results/NAME.json. */
export async function writeResults(name: string, results: readonly Result[]): Promise<void> {
  await mkdir(resultDirectory, { recursive: true })
  const content = { name, at: new Date().toISOString(), machine: await describeMachine(), results }
  await writeFile(new URL(`${name}.json`, resultDirectory), `${JSON.stringify(content, undefined, 2)}\n`)
}

async function describeMachine() {
  return {
    cpu: cpus()[0]?.model ?? 'unknown',
    cores: cpus().length,
    memoryMb: Math.round(totalmem() / 1024 / 1024),
    kernel: release(),
    node: process.version,
    nginx: await findVersion('nginx', '-v'),
    git: await findVersion('git', '--version'),
    openssh: await findVersion('ssh', '-V'),
    docker: await findVersion('docker', '--version'),
  }
}

async function findVersion(program: string, flag: string): Promise<string> {
  const result = await exec(program, [flag]).catch(() => undefined)
  // Some print it to standard error.
  return result === undefined ? 'not installed' : ((result.stdout + result.stderr).trim().split('\n')[0] ?? '')
}
