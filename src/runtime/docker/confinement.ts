// What every container of ours has in common, instance or build: no capabilities, no way to gain any, limits, a read-only root.
import { cpus } from 'node:os'
import type { ContainerCreateOptions, HostConfig, MountSettings } from 'dockerode'
import type { Limits } from '../runtime.ts'

const bytesPerMb = 1024 * 1024

/** Docker refuses more CPUs than the machine has. */
const machineCpus = cpus().length

export function confined(limits: Limits): HostConfig {
  const memory = limits.memoryMb * bytesPerMb
  return {
    ReadonlyRootfs: true,
    CapDrop: ['ALL'],
    SecurityOpt: ['no-new-privileges'],
    PidsLimit: limits.pids,
    Memory: memory,
    // Memory and swap together: equal means no swap, so that a greedy site slows nobody else down.
    MemorySwap: memory,
    NanoCpus: Math.round(Math.min(limits.cpus, machineCpus) * 1e9),
    IpcMode: 'private',
    RestartPolicy: { Name: 'no' },
    Ulimits: [{ Name: 'core', Soft: 0, Hard: 0 }],
  }
}

/** What a container prints is kept for `logs` until it is removed, the oldest of it given up. */
export const keptOutput = { Type: 'json-file', Config: { 'max-size': '1m', 'max-file': '2' } }

/** @throws by Docker when the source is missing: `Binds` would silently make it, as root. */
export function bind(source: string, target: string, access: 'ro' | 'rw'): MountSettings {
  return { Type: 'bind', Source: source, Target: target, ReadOnly: access === 'ro' }
}

/** The user of a container: the site's own uid, which has no entry in any passwd file, and the group of the same number. */
export function userOf(uid: number): Pick<ContainerCreateOptions, 'User'> {
  return { User: `${uid}:${uid}` }
}
