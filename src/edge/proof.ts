// A configuration is used only after nginx itself has accepted it (`nginx -t`). What it says goes to whoever asked.
import { HostingError } from '../errors/hosting-error.ts'
import { exec, type ExecResult } from '../lib/exec.ts'
import { ensureDirectory, hasErrorCode, removeTree, writeFileAtomic } from '../lib/files.ts'
import type { EdgePaths } from './edge-paths.ts'
import { renderNginxConfig } from './nginx-config.ts'
import type { NginxOptions } from './nginx-options.ts'

/**
 * Proves the configuration that `options` make. What belongs to the running nginx is left out: its port (below 1024 only
 * root may bind it), its pid file, its error log and its temporary directories, which may all be another user's.
 * @throws HostingError invalid-config with what nginx says; unavailable when there is no nginx
 */
export async function proveConfig(options: NginxOptions, paths: EdgePaths): Promise<void> {
  const proof: NginxOptions = {
    ...options,
    listen: [`unix:${paths.candidate}.sock`],
    listenTls: [`unix:${paths.candidate}.tls.sock`],
    // QUIC needs a port.
    nginx: { ...options.nginx, http3: false },
    paths: { ...options.paths, pid: `${paths.candidate}.pid`, errorLog: 'stderr', state: `${paths.candidate}.d` },
  }
  await ensureDirectory(proof.paths.state)
  await writeFileAtomic(paths.candidate, renderNginxConfig(proof))
  try {
    const { exitCode, stderr } = await runNginx([
      '-t',
      '-q',
      '-c',
      paths.candidate,
      '-e',
      'stderr',
      '-p',
      proof.paths.state,
    ])
    if (exitCode !== 0) throw refused(stderr)
  } finally {
    await Promise.all(['.sock', '.tls.sock', '.pid', '.d'].map((end) => removeTree(paths.candidate + end)))
  }
}

async function runNginx(args: readonly string[]): Promise<ExecResult> {
  try {
    return await exec('nginx', args, { timeoutMs: 20_000 })
  } catch (error) {
    throw hasErrorCode(error, 'ENOENT') ? nginxMissing(error) : error
  }
}

export function nginxMissing(cause?: unknown): HostingError {
  return new HostingError('unavailable', 'nginx is not installed', { hint: 'apt-get install nginx-light', cause })
}

function refused(stderr: string): HostingError {
  return new HostingError('invalid-config', 'nginx refuses the configuration, and the one before stays in use', {
    details: stderr.trim().split('\n').slice(-10),
    hint: 'The configuration keys of the edge are in docs/configuration.md; run/nginx.candidate.conf is what was refused.',
  })
}
