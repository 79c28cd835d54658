// Runs the static checks, then the tests, and closes with one line that counts both. A test that is skipped counts as
// failed: nothing is left out silently. Arguments are vitest's filters; with any of them the checks are left out.
import { createVitest, type TestModule } from 'vitest/node'
import { exec } from '../src/lib/exec.ts'

interface Tally {
  readonly passed: number
  readonly failed: number
}

const modules = 'node_modules'
const checks: Readonly<Record<string, readonly string[]>> = {
  types: [`${modules}/typescript/bin/tsc`, '--noEmit'],
  lint: [`${modules}/eslint/bin/eslint.js`, '--max-warnings', '0', '.'],
  format: [`${modules}/@biomejs/biome/bin/biome`, 'format', '.'],
  'unused code': [`${modules}/knip/bin/knip.js`],
  'generated docs': ['scripts/docs.ts', '--check'],
}

/** All at once: each has its own core for only part of its time. */
async function runChecks(): Promise<Tally> {
  const outcomes = await Promise.all(Object.entries(checks).map(([name, args]) => runCheck(name, args)))
  return { passed: outcomes.filter(Boolean).length, failed: outcomes.filter((ok) => !ok).length }
}

async function runCheck(name: string, args: readonly string[]): Promise<boolean> {
  const began = performance.now()
  const { exitCode, stdout, stderr } = await exec(process.execPath, args, { env: { HOME: '/tmp' } })
  const seconds = ((performance.now() - began) / 1000).toFixed(1)
  process.stdout.write(`  ${exitCode === 0 ? '✓' : '✗'} ${name} (${seconds} s)\n`)
  if (exitCode !== 0) process.stdout.write(`${stdout}${stderr}\n`)
  return exitCode === 0
}

async function runTests(filters: string[]): Promise<Tally> {
  const vitest = await createVitest({ watch: false })
  try {
    const { testModules, unhandledErrors } = await vitest.start(filters)
    const tallies = testModules.map(count)
    return sum([...tallies, { passed: 0, failed: unhandledErrors.length }])
  } finally {
    await vitest.close()
  }
}

function count(module: TestModule): Tally {
  const states = [...module.children.allTests()].map((test) => test.result().state)
  const passed = states.filter((state) => state === 'passed').length
  const failed = states.length - passed
  return { passed, failed: failed === 0 && module.state() !== 'passed' ? 1 : failed }
}

function sum(tallies: readonly Tally[]): Tally {
  return tallies.reduce((a, b) => ({ passed: a.passed + b.passed, failed: a.failed + b.failed }))
}

const filters = process.argv.slice(2)
const checked = filters.length === 0 ? await runChecks() : { passed: 0, failed: 0 }
const { passed, failed } = sum([checked, await runTests(filters)])
process.stdout.write(`\n${passed} passed, ${failed} failed\n`)
process.exit(failed === 0 && passed > 0 ? 0 : 1)
