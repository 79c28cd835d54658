// wrk(1): requests a second and latency over kept-alive HTTP/1.1 connections. An answer other than 2xx or 3xx fails the run.
import { fileURLToPath } from 'node:url'
import { execOk } from '../../src/lib/exec.ts'

export interface Load {
  readonly requests: number
  readonly requestsPerSecond: number
  readonly p99Ms: number
}

interface Wanted {
  readonly host: string
  readonly seconds: number
  readonly connections?: number
  /** Whatever name stands in the URL, this machine is asked. */
  readonly resolveHere?: boolean
}

const resolveHereScript = fileURLToPath(new URL('resolve-here.lua', import.meta.url))

export async function measureLoad(url: string, wanted: Wanted): Promise<Load> {
  const { host, seconds, connections = 32, resolveHere = false } = wanted
  const script = resolveHere ? ['-s', resolveHereScript] : []
  const flags = ['-t1', `-c${connections}`, `-d${seconds}s`, '--timeout', '30s', '--latency', ...script]
  const output = await execOk('wrk', [...flags, '-H', `Host: ${host}`, url])
  if (/Non-2xx|Socket errors/.test(output)) throw new Error(`Not every request to ${host} was answered:\n${output}`)
  return {
    requests: Number(find(output, /(\d+) requests in/)[0]),
    requestsPerSecond: Number(find(output, /Requests\/sec:\s+([\d.]+)/)[0]),
    p99Ms: parseMs(find(output, /99%\s+([\d.]+)(us|ms|s)/)),
  }
}

function find(output: string, pattern: RegExp): string[] {
  const found = pattern.exec(output)
  if (found === null) throw new Error(`wrk printed something else than expected:\n${output}`)
  return found.slice(1)
}

function parseMs([number, unit]: string[]): number {
  return Number(number) * { us: 0.001, ms: 1, s: 1000 }[unit as 'us' | 'ms' | 's']
}
