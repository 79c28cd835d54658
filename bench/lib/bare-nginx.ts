// The floor: an nginx that has nothing to decide, serving one directory. Also plays the web server of an instance.
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { ended, start } from '../../src/lib/exec.ts'

interface BareNginx {
  stop(): Promise<void>
}

interface BareOptions {
  /** Argument of `listen`. */
  readonly listen: string
  readonly root: string
  readonly workers: number | 'auto'
  readonly accessLog: boolean
}

export async function startBareNginx(options: BareOptions): Promise<BareNginx> {
  const directory = await mkdtemp('/tmp/bare-nginx-')
  await mkdir(join(directory, 'temp'))
  await writeFile(join(directory, 'nginx.conf'), render(directory, options))
  const child = start('nginx', ['-c', join(directory, 'nginx.conf'), '-e', 'stderr', '-p', directory], {
    stdio: ['ignore', 'ignore', 'inherit'],
  })
  const end = ended(child)
  return {
    async stop() {
      child.kill('SIGTERM')
      await end
      await rm(directory, { recursive: true, force: true })
    },
  }
}

function render(directory: string, { listen, root, workers, accessLog }: BareOptions): string {
  return `daemon off;
user root root;
pid ${directory}/pid;
error_log stderr error;
worker_processes ${workers};
pcre_jit on;
events { worker_connections 4096; }
http {
  include /etc/nginx/mime.types;
  access_log ${accessLog ? `${directory}/access.log combined` : 'off'};
  sendfile on;
  tcp_nopush on;
  keepalive_requests 10000;
${['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map((kind) => `  ${kind}_temp_path ${directory}/temp;\n`).join('')}
  server {
    listen ${listen};
    root ${root};
  }
}
`
}
