// A person at a shell: runs programs with an environment of their own, nothing of whoever runs the tests in it.
import { exec, type ExecOptions, type ExecResult } from '../../src/lib/exec.ts'

export interface Ran extends ExecResult {
  /** Both streams, as a person would see them. */
  readonly output: string
}

export async function run(file: string, args: readonly string[], options: ExecOptions = {}): Promise<Ran> {
  const result = await exec(file, args, { timeoutMs: 120_000, ...options })
  return { ...result, output: result.stdout + result.stderr }
}

/** As `run`, for steps that are not what is tested: a failure throws with all that was printed. */
export async function runOk(file: string, args: readonly string[], options: ExecOptions = {}): Promise<Ran> {
  const ran = await run(file, args, options)
  if (ran.exitCode === 0) return ran
  throw new Error(`${file} ${args.join(' ')} ended with ${ran.exitCode}:\n${ran.output}`)
}
