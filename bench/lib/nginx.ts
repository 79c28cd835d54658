// The floor: an nginx that has nothing to decide, serving one directory. And the web server of an instance, with the configuration
// that the build gives it.
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { renderNginx } from '../../src/buildpacks/static/nginx.ts'
import { ended, start } from '../../src/lib/exec.ts'
import { projectRoot } from '../../tests/helpers/paths.ts'

interface Nginx {
  /** The master. */
  readonly pid: number
  stop(): Promise<void>
}

interface BareWanted {
  readonly port: number
  readonly root: string
  /** A directory with fullchain.pem and privkey.pem: HTTPS instead of plain HTTP. */
  readonly certificate?: string
}

export async function startBareNginx({ port, root, certificate }: BareWanted): Promise<Nginx> {
  const tls = certificate === undefined ? '' : renderFixedCertificate(certificate)
  return await startNginx((directory) => renderBare(directory, { port, root, locations: tls, tls: tls !== '' }))
}

function renderFixedCertificate(certificate: string): string {
  return `ssl_protocols TLSv1.2 TLSv1.3;
    ssl_ecdh_curve X25519:prime256v1:secp384r1;
    ssl_session_cache shared:bare:20m;
    ssl_session_timeout 1d;
    ssl_certificate ${certificate}/fullchain.pem;
    ssl_certificate_key ${certificate}/privkey.pem;`
}

/** One that hands programs to php-fpm, as Debian's own example of a site does. @param socket of php-fpm */
export async function startProxyNginx(wanted: { port: number; root: string; socket: string }): Promise<Nginx> {
  const { port, root, socket } = wanted
  const locations = `index index.php;
    location / { try_files $uri $uri/ /index.php$is_args$args; }
    location ~ \\.php$ {
      include /etc/nginx/fastcgi_params;
      # Debian leaves the port out, which WordPress then redirects to.
      fastcgi_param HTTP_HOST $http_host;
      fastcgi_param SCRIPT_FILENAME $document_root$fastcgi_script_name;
      fastcgi_buffers 16 16k;
      fastcgi_buffer_size 32k;
      fastcgi_pass unix:${socket};
    }`
  return await startNginx((directory) => renderBare(directory, { port, root, locations }))
}

/** @param release a directory that holds `edge` and `ruled` */
export async function startInstanceNginx({ socket, release }: { socket: string; release: string }): Promise<Nginx> {
  const types = await readFile(join(projectRoot, 'nginx/mime.types'), 'utf8')
  return await startNginx((temporary) =>
    renderNginx({ redirects: [], headers: [] }, types, {
      release,
      socket,
      temporary,
      modules: '/usr/lib/nginx/modules',
    }),
  )
}

async function startNginx(render: (directory: string) => string): Promise<Nginx> {
  const directory = await mkdtemp('/tmp/bench-nginx-')
  await mkdir(join(directory, 'temp'))
  const file = join(directory, 'nginx.conf')
  await writeFile(file, render(directory))
  const child = start('nginx', ['-c', file, '-e', 'stderr', '-p', directory, '-g', 'daemon off; user root root;'], {
    stdio: ['ignore', 'ignore', 'inherit'],
  })
  const end = ended(child)
  if (child.pid === undefined) throw new Error('nginx could not be started')
  return {
    pid: child.pid,
    async stop() {
      child.kill('SIGTERM')
      await end
      await rm(directory, { recursive: true, force: true })
    },
  }
}

interface Bare {
  readonly port: number
  readonly root: string
  readonly locations: string
  readonly tls?: boolean
}

function renderBare(directory: string, { port, root, locations, tls = false }: Bare): string {
  return `pid ${directory}/pid;
error_log stderr error;
worker_processes auto;
pcre_jit on;
events { worker_connections 4096; }
http {
  include /etc/nginx/mime.types;
  access_log ${directory}/access.log combined;
  sendfile on;
  tcp_nopush on;
  keepalive_requests 10000;
${['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map((kind) => `  ${kind}_temp_path ${directory}/temp;\n`).join('')}
  server {
    listen ${port}${tls ? ' ssl http2' : ''};
    root ${root};
    ${locations}
  }
}
`
}
