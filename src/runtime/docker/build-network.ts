// The network of builds: out to the internet (package registries), not to the host's services, other builds or a cloud's metadata.
// Docker keeps containers on it apart (enable_icc=false); an nftables table of our own does the rest, beside whatever firewall is there.
import { createId } from '../../lib/id.ts'
import type { Log } from '../../lib/log.ts'
import { ask, askUnless, type Engine } from './engine.ts'
import { removeContainer } from './remove-container.ts'
import { runToEnd } from './run-to-end.ts'

/** Also the name of the bridge, by which the rules know it (at most 15 bytes). */
const network = 'hosting-build'

/**
 * One transaction, the same each time: the empty table makes the deletion succeed. A drop in any table is final (nft(8)), so no other
 * rule set can open this up. DNS stays reachable: the resolver of the network may be the host's own.
 */
const rules = `table inet hosting_build {}
delete table inet hosting_build
table inet hosting_build {
  chain input {
    type filter hook input priority -10; policy accept;
    iifname "${network}" meta l4proto { tcp, udp } th dport 53 accept
    iifname "${network}" reject
  }
  chain forward {
    type filter hook forward priority -10; policy accept;
    iifname "${network}" oifname "${network}" reject
    iifname "${network}" ip daddr 169.254.0.0/16 reject
  }
}
`

export type BuildNetwork = typeof network | 'none'

/**
 * Makes network and rules; before each build, as anybody's `nft flush ruleset` removes them.
 * Where the rules cannot be set, a build gets no network at all rather than the host's services.
 */
export async function ensureBuildNetwork(engine: Engine, image: string, log: Log): Promise<BuildNetwork> {
  try {
    await ensureNetwork(engine)
    await applyRules(engine, image)
    return network
  } catch (error) {
    log.warn({ err: error }, 'builds have no network: it could not be closed off from this machine')
    return 'none'
  }
}

async function ensureNetwork(engine: Engine): Promise<void> {
  if (await isThere(engine)) return
  try {
    await ask(engine.createNetwork(description))
  } catch (error) {
    // Another platform on the machine was faster.
    if (!(await isThere(engine))) throw error
  }
}

const description = {
  Name: network,
  CheckDuplicate: true,
  Driver: 'bridge',
  Options: {
    'com.docker.network.bridge.name': network,
    'com.docker.network.bridge.enable_icc': 'false',
  },
}

async function isThere(engine: Engine): Promise<boolean> {
  return (await askUnless([404], engine.getNetwork(network).inspect())) !== undefined
}

/** Through a container in the host's network with this one capability: the platform needs access to Docker, but not to be root. */
async function applyRules(engine: Engine, image: string): Promise<void> {
  const name = `hosting-rules-${createId()}`
  try {
    const container = await ask(engine.createContainer(renderRules(name, image)))
    const { exitCode, tail } = await runToEnd(container, () => undefined)
    if (exitCode !== 0) throw new Error(`nft: ${tail.join('\n')}`)
  } finally {
    await removeContainer(engine, name)
  }
}

function renderRules(name: string, image: string) {
  return {
    name,
    Image: image,
    Cmd: ['nft', rules],
    Env: [],
    HostConfig: {
      NetworkMode: 'host',
      ReadonlyRootfs: true,
      CapDrop: ['ALL'],
      CapAdd: ['NET_ADMIN'],
      SecurityOpt: ['no-new-privileges'],
      LogConfig: { Type: 'none', Config: {} },
    },
  }
}
