// The Debian that base images are made from: `debian:<suite>-slim` where an image registry answers, else debootstrap.
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import type { Container } from 'dockerode'
import { pack } from 'tar-stream'
import { HostingError } from '../../../errors/hosting-error.ts'
import { createId } from '../../../lib/id.ts'
import { bind } from '../confinement.ts'
import { ask, type Engine } from '../engine.ts'
import { removeContainer } from '../remove-container.ts'
import { runToEnd } from '../run-to-end.ts'
import { lastError } from './docker-build.ts'
import { type Report, withProgress } from './progress.ts'
import { pullImage } from './pull.ts'

export interface DebianWish {
  readonly suite: string
  /** buildpacks/base, which holds the script `bootstrap`. */
  readonly baseDirectory: string
  readonly report: Report
}

/** Gets a Debian from somewhere. @returns its image's name */
export async function fetchDebian(engine: Engine, wish: DebianWish): Promise<string> {
  const official = `debian:${wish.suite}-slim`
  if (await pullImage(engine, official, wish.report)) return official
  wish.report(`No image registry answers: Debian ${wish.suite} is put together with debootstrap`)
  return await withProgress({ title: `Debian ${wish.suite}`, report: wish.report }, (note) =>
    bootstrap(engine, wish, note),
  )
}

/**
 * Runs the host's debootstrap in a container that sees nothing of the host but its programs, read-only: it needs access to Docker
 * but not to be root, and a crash leaves no half-mounted chroot behind.
 */
async function bootstrap(engine: Engine, { suite, baseDirectory }: DebianWish, note: Report): Promise<string> {
  if (!existsSync('/usr/sbin/debootstrap')) throw missingDebootstrap()
  const empty = await importTar(engine, emptyArchive(), 'hosting/empty:latest')
  const name = `hosting-bootstrap-${createId()}`
  try {
    const container = await ask(engine.createContainer(renderBootstrap({ name, empty, suite, baseDirectory })))
    const { exitCode, tail } = await runToEnd(container, note)
    if (exitCode !== 0) throw failedBootstrap(suite, tail)
    return await importRoot(engine, container, `hosting/debian:${suite}`)
  } finally {
    await removeContainer(engine, name)
  }
}

function renderBootstrap(wish: { name: string; empty: string; suite: string; baseDirectory: string }) {
  const programs = ['/usr', '/bin', '/sbin', '/lib', '/lib64', '/etc'].filter((path) => existsSync(path))
  return {
    name: wish.name,
    Image: wish.empty,
    Cmd: ['/bin/sh', '/bootstrap', wish.suite],
    Env: ['PATH=/usr/sbin:/usr/bin:/sbin:/bin', 'LC_ALL=C'],
    HostConfig: {
      NetworkMode: 'host',
      // debootstrap mounts /proc in what it builds.
      CapAdd: ['SYS_ADMIN'],
      SecurityOpt: ['seccomp=unconfined', 'apparmor=unconfined'],
      Tmpfs: { '/tmp': 'rw' },
      LogConfig: { Type: 'none', Config: {} },
      Mounts: [
        ...programs.map((path) => bind(path, path, 'ro')),
        bind(join(wish.baseDirectory, 'bootstrap'), '/bootstrap', 'ro'),
        { Type: 'volume' as const, Source: '', Target: '/target' },
      ],
    },
  }
}

async function importRoot(engine: Engine, container: Container, tag: string): Promise<string> {
  return await importTar(engine, await ask(container.getArchive({ path: '/target/root/.' })), tag)
}

async function importTar(engine: Engine, archive: NodeJS.ReadableStream, tag: string): Promise<string> {
  const [repo, version] = tag.split(':')
  const error = await lastError(await ask(engine.importImage(archive, { repo, tag: version })), () => undefined)
  if (error !== undefined) throw new Error(`docker import of ${tag}: ${error}`)
  return tag
}

function emptyArchive(): NodeJS.ReadableStream {
  const archive = pack()
  archive.finalize()
  return Readable.from(archive)
}

function missingDebootstrap(): HostingError {
  return new HostingError('unavailable', 'No image registry answers, and debootstrap is not installed', {
    hint: 'sudo apt-get install debootstrap debian-archive-keyring',
  })
}

function failedBootstrap(suite: string, tail: readonly string[]): HostingError {
  return new HostingError('unavailable', `debootstrap could not put Debian ${suite} together`, {
    details: tail,
    hint: 'Check that this machine reaches deb.debian.org and has 2 GB of disk space left, then start again.',
  })
}
