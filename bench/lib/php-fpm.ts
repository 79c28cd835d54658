// The floor of PHP: php-fpm and an nginx that has nothing to decide, on this machine, with the settings that instances have.
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { ended, start } from '../../src/lib/exec.ts'
import { exists } from '../../src/lib/files.ts'
import { projectRoot } from '../../tests/helpers/paths.ts'
import { until } from '../../tests/helpers/until.ts'
import { startProxyNginx } from './nginx.ts'

interface Wanted {
  readonly port: number
  readonly root: string
  /** For the programs, as a site's variables are. */
  readonly env: Readonly<Record<string, string>>
  readonly children: number
}

interface Server {
  stop(): Promise<void>
}

export async function startBarePhp({ port, root, env, children }: Wanted): Promise<Server> {
  const directory = await mkdtemp('/tmp/bench-php-')
  await mkdir(join(directory, 'kept'))
  const socket = join(directory, 'fpm.sock')
  const file = join(directory, 'php-fpm.conf')
  await writeFile(file, renderPool(socket, { children, kept: join(directory, 'kept') }))
  const child = start('php-fpm8.2', ['--nodaemonize', '--allow-to-run-as-root', '--fpm-config', file], {
    stdio: ['ignore', 'ignore', 'inherit'],
    env: { ...process.env, ...env, PHP_INI_SCAN_DIR: `:${join(projectRoot, 'buildpacks/php/etc/php')}` },
  })
  const end = ended(child)
  while (!(await exists(socket))) await delay(10)
  const nginx = await startProxyNginx({ port, root, socket })
  await until('the floor to answer', () => fetch(`http://127.0.0.1:${port}/`).catch(() => undefined))
  return {
    async stop() {
      await nginx.stop()
      child.kill('SIGTERM')
      await end
      await rm(directory, { recursive: true, force: true })
    },
  }
}

/** As buildpacks/php/etc/php-fpm.conf has it. */
function renderPool(socket: string, { children, kept }: { children: number; kept: string }): string {
  return `[global]
error_log = /proc/self/fd/2
log_level = warning
[site]
user = root
listen = ${socket}
listen.backlog = 511
pm = ondemand
pm.max_children = ${children}
pm.process_idle_timeout = 30s
pm.max_requests = 1000
clear_env = no
catch_workers_output = yes
php_value[session.save_path] = ${kept}
php_value[upload_tmp_dir] = ${kept}
php_value[error_log] = /proc/self/fd/2
`
}
