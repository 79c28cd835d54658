// Describes the container of a build; pure.
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import type { MountSettings } from 'dockerode'
import type { BuildSpec } from '../runtime.ts'
import { bind, confined, userOf } from './confinement.ts'
import type { ContainerPlan } from './create-container.ts'
import { buildLabel, cacheVolumeName, containerName, homeLabel, siteLabel } from './labels.ts'

export interface BuildPlace {
  readonly homeId: string
  readonly buildpacksDirectory: string
  readonly image: string
  /** Name of a Docker network, or `none`. */
  readonly network: string
}

/** Certificates that the host trusts, its own proxy's among them, are trusted by builds as well. */
const trustedCertificates = '/etc/ssl/certs/ca-certificates.crt'

const buildScript = '/usr/local/bin/hosting-build'

export function renderBuild(spec: BuildSpec, place: BuildPlace): ContainerPlan {
  const { homeId, image, network } = place
  return {
    name: containerName(homeId, spec.id),
    Image: image,
    // Mounted, not part of the image: any image that has the directories can be built in.
    Cmd: ['/bin/sh', buildScript],
    WorkingDir: '/build',
    ...userOf(spec.uid),
    Env: [`NODE_EXTRA_CA_CERTS=${trustedCertificates}`],
    Labels: { [homeLabel]: homeId, [siteLabel]: spec.site, [buildLabel]: spec.id },
    HostConfig: {
      ...confined(spec.limits),
      NetworkMode: network,
      // Build tools run what they unpack there.
      Tmpfs: { '/tmp': `rw,exec,nosuid,nodev,size=${Math.ceil(spec.limits.memoryMb / 2)}m,mode=1777` },
      LogConfig: { Type: 'none', Config: {} },
      Mounts: mounts(spec, place),
    },
  }
}

function mounts(spec: BuildSpec, { homeId, buildpacksDirectory }: BuildPlace): MountSettings[] {
  return [
    bind(spec.sourceDirectory, '/source', 'ro'),
    bind(join(buildpacksDirectory, spec.buildpack), '/buildpack', 'ro'),
    bind(join(buildpacksDirectory, 'builder/build'), buildScript, 'ro'),
    ...(existsSync(trustedCertificates) ? [bind(trustedCertificates, trustedCertificates, 'ro')] : []),
    volume('', '/build', {}),
    volume('', '/env', {}),
    volume(cacheVolumeName(homeId, spec.site), '/cache', { [homeLabel]: homeId, [siteLabel]: spec.site }),
  ]
}

/** An empty volume takes over the mode of the image's directory. Without a name it goes with its container. */
function volume(name: string, target: string, labels: Record<string, string>): MountSettings {
  const options = { NoCopy: false, Labels: labels, DriverConfig: { Name: 'local', Options: {} } }
  return { Type: 'volume', Source: name, Target: target, VolumeOptions: options }
}
