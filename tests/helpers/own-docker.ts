// A Docker Engine of a test's own, which it may stop and start without touching anybody else's containers.
import { closeSync, openSync } from 'node:fs'
import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import { type Child, ended, start } from '../../src/lib/exec.ts'
import { scratchDirectory } from './paths.ts'
import { run, runOk } from './session.ts'
import { until } from './until.ts'

export class OwnDocker {
  readonly #directory: string
  #daemon: Child | undefined

  private constructor(directory: string) {
    this.#directory = directory
  }

  /** Starts an engine that has the images of the machine's own. */
  static async start(): Promise<OwnDocker> {
    const docker = new OwnDocker(await scratchDirectory('docker'))
    await docker.start()
    const { stdout } = await runOk('docker', [
      'images',
      '--format',
      '{{.Repository}}:{{.Tag}}',
      '--filter',
      'reference=hosting/*',
    ])
    const archive = join(docker.#directory, 'images.tar')
    await runOk('docker', [
      'save',
      '-o',
      archive,
      ...stdout.split('\n').filter((name) => /^hosting\/(base|static):/.test(name)),
    ])
    await runOk('docker', ['-H', docker.host, 'load', '-q', '-i', archive])
    await rm(archive)
    return docker
  }

  get host(): string {
    return `unix://${this.#directory}/docker.sock`
  }

  async start(): Promise<void> {
    const log = openSync(join(this.#directory, 'dockerd.log'), 'a')
    const places = { 'data-root': 'data', 'exec-root': 'exec', pidfile: 'docker.pid' }
    const flags = Object.entries(places).map(([flag, name]) => `--${flag}=${join(this.#directory, name)}`)
    // In a network of its own: with --bridge=none an engine removes docker0, which is that of the machine's engine.
    const own = ['--net', 'dockerd', `--host=${this.host}`, '--bridge=none', '--iptables=false', ...flags]
    this.#daemon = start('unshare', own, { stdio: ['ignore', log, log] })
    closeSync(log)
    await until('the engine to answer', async () => (await run('docker', ['-H', this.host, 'version'])).exitCode === 0)
  }

  /** As `systemctl stop docker` does: its containers end with it. */
  async stop(): Promise<void> {
    if (this.#daemon === undefined) return
    this.#daemon.kill('SIGTERM')
    await ended(this.#daemon)
    this.#daemon = undefined
  }

  async containers(): Promise<string[]> {
    const { stdout } = await runOk('docker', ['-H', this.host, 'ps', '-q', '--no-trunc'])
    return stdout.split('\n').filter(Boolean)
  }

  async kill(container: string): Promise<void> {
    await runOk('docker', ['-H', this.host, 'kill', container])
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop()
    await rm(this.#directory, { recursive: true, force: true, maxRetries: 5 })
  }
}
