// TXT records by a program of whoever runs the server, so that scripts that exist for DNS providers work: acme.sh's dns_*.sh, or what
// lego's exec provider calls. An argument array, a closed environment, a time limit; what it says is in the error.
import { readFile } from 'node:fs/promises'
import { basename } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { Config } from '../../config/load.ts'
import { HostingError } from '../../errors/hosting-error.ts'
import { exec } from '../../lib/exec.ts'
import type { TxtRecords } from './records.ts'

const timeoutMs = 120_000

export function createHook(config: Config): TxtRecords | undefined {
  const path = config['dns-hook']
  if (path === '') return undefined
  const call = async (verb: keyof typeof verbs, record: { name: string; value: string; signal: AbortSignal }) => {
    const { file, args } = callOf(path, verb, record)
    const env = { HOME: config.home.root, ...environmentOf(await settingsBeside(path)) }
    const { exitCode, stdout, stderr } = await exec(file, args, { env, timeoutMs, signal: record.signal })
    if (exitCode === 0) return
    const said = `${stdout}\n${stderr}`.trim().split('\n').slice(-5)
    throw new HostingError('unavailable', `The DNS hook ${path} ended with ${exitCode}`, {
      details: said,
      hint: `Try it by hand: ${[file, ...args].join(' ')}`,
    })
  }
  return {
    addTxt: (name, value, signal) => call('add', { name, value, signal }),
    removeTxt: (name, value, signal) => call('remove', { name, value, signal }),
  }
}

const verbs = {
  add: { lego: 'present', acmeSh: 'add' },
  remove: { lego: 'cleanup', acmeSh: 'rm' },
} as const

const withAcmeSh = fileURLToPath(new URL('../../../scripts/with-acme-sh', import.meta.url))

/**
 * acme.sh's scripts are named dns_<provider>.sh and are functions to be sourced: a script of ours does that. Anything else is run as
 * lego's exec does: `present|cleanup <fqdn with its dot> <value>`.
 */
export function callOf(
  path: string,
  verb: keyof typeof verbs,
  { name, value }: { name: string; value: string },
): { file: string; args: string[] } {
  const [provider] = /^dns_\w+(?=\.sh$)/.exec(basename(path)) ?? []
  if (provider === undefined) return { file: path, args: [verbs[verb].lego, `${name}.`, value] }
  return { file: withAcmeSh, args: [path, `${provider}_${verbs[verb].acmeSh}`, name, value] }
}

/** NAME=value lines of `<hook>.env`: what the provider's script reads its credentials from. */
async function settingsBeside(path: string): Promise<string> {
  return await readFile(`${path}.env`, 'utf8').catch(() => '')
}

export function environmentOf(text: string): Record<string, string> {
  const pairs = text.split('\n').flatMap((line) => {
    const [, name, value] = /^(?:export\s+)?([A-Za-z_]\w*)=(.*)$/.exec(line.trim()) ?? []
    return name === undefined || value === undefined ? [] : [[name, value.replace(/^(["'])(.*)\1$/, '$2')] as const]
  })
  return Object.fromEntries(pairs)
}
