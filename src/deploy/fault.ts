// For tests: HOSTING_FAULT=after:build kills the process with SIGKILL right there, as a power cut or the kernel would.
import type { Parts } from './parts.ts'

export function faultFrom(env: Readonly<Record<string, string | undefined>>): Pick<Parts, 'onStep'> {
  const fault = env['HOSTING_FAULT']
  if (fault === undefined) return {}
  return {
    onStep: (step) => {
      if (step === fault) process.kill(process.pid, 'SIGKILL')
    },
  }
}
