// A login and one command: `whoami` through our gateway beside `true` through OpenSSH, the same client and key exchange.
import { startCompiled } from './lib/compiled-platform.ts'
import { interleave } from './lib/interleave.ts'
import { startOpenSsh } from './lib/openssh.ts'
import { type Result, resultOf } from './lib/result.ts'

export const name = 'login'

const rounds = 21

export async function run(): Promise<Result[]> {
  await using platform = await startCompiled()
  await using server = await startOpenSsh(platform.admin)
  const runs = await interleave(rounds, {
    value: () => timed(() => platform.admin.ssh('whoami')),
    floor: () => timed(() => server.ssh('true')),
  })
  return [resultOf({ name: 'login + whoami', unit: 'ms', goal: { atMost: 0.4 }, runs })]
}

async function timed(work: () => Promise<{ exitCode: number; output: string }>): Promise<number> {
  const began = performance.now()
  const { exitCode, output } = await work()
  if (exitCode !== 0) throw new Error(output)
  return performance.now() - began
}
