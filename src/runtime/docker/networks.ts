// The networks of builds and of instances: out to the internet, not to the host's services, neighbours or a cloud's metadata.
// Docker keeps containers of a network apart (enable_icc=false); an nftables table of our own does the rest, beside whatever firewall is there.
import { createId } from '../../lib/id.ts'
import type { Log } from '../../lib/log.ts'
import { ask, askUnless, type Engine } from './engine.ts'
import type { Images } from './images/images.ts'
import { removeContainer } from './remove-container.ts'
import { runToEnd } from './run-to-end.ts'

/** Each also names its bridge, by which the rules know it (at most 15 bytes). */
const bridges = { build: 'hosting-build', outbound: 'hosting-out' } as const
export type NetworkKind = keyof typeof bridges

/** Anybody's `nft flush ruleset` removes the rules. A build sets them again; instances, which start often, only when that is long ago. */
const trustedMs = 10 * 60_000
/** Where the rules could not be set, the next to ask does not try again at once. */
const retryMs = 30_000

export interface Networks {
  /** What an instance or a build is put on. `none` where it could not be closed off from this machine. */
  nameOf(kind: NetworkKind): Promise<string>
  /** Docker says that the network is gone. */
  forget(): void
}

export interface NetworksParts {
  readonly engine: Engine
  readonly images: Pick<Images, 'reference'>
  readonly log: Log
}

export function createNetworks(parts: NetworksParts): Networks {
  let last: { closed: Promise<boolean>; at: number } | undefined

  function ensureAgain(): Promise<boolean> {
    const closed = ensureNetworks(parts)
    last = { closed, at: performance.now() }
    return closed
  }

  /** What was found lately counts; what was found long ago counts, too, while it is looked at again. */
  function closedLately(): Promise<boolean> {
    if (last === undefined) return ensureAgain()
    const { closed, at } = last
    const age = performance.now() - at
    if (age > trustedMs) void ensureAgain()
    return closed.then((good) => (good || age < retryMs ? good : ensureAgain()))
  }

  return {
    async nameOf(kind) {
      return (await (kind === 'build' ? ensureAgain() : closedLately())) ? bridges[kind] : 'none'
    },
    forget() {
      last = undefined
    },
  }
}

/** @returns whether they are there and closed off. Never throws: no network at all is better than the host's services. */
async function ensureNetworks(parts: NetworksParts): Promise<boolean> {
  try {
    await Promise.all(Object.values(bridges).map((name) => ensureNetwork(parts.engine, name)))
    await applyRules(parts)
    return true
  } catch (error) {
    parts.log.warn({ err: error }, 'builds and instances have no network: it could not be closed off from this machine')
    return false
  }
}

async function ensureNetwork(engine: Engine, name: string): Promise<void> {
  if (await isThere(engine, name)) return
  try {
    await ask(engine.createNetwork(describe(name)))
  } catch (error) {
    // Another platform on the machine was faster.
    if (!(await isThere(engine, name))) throw error
  }
}

function describe(name: string) {
  return {
    Name: name,
    CheckDuplicate: true,
    Driver: 'bridge',
    Options: {
      'com.docker.network.bridge.name': name,
      'com.docker.network.bridge.enable_icc': 'false',
    },
  }
}

async function isThere(engine: Engine, name: string): Promise<boolean> {
  return (await askUnless([404], engine.getNetwork(name).inspect())) !== undefined
}

/** Through a container in the host's network with this one capability: the platform needs access to Docker, but not to be root. */
async function applyRules({ engine, images }: NetworksParts): Promise<void> {
  const image = await images.reference('nftables', () => undefined)
  const name = `hosting-rules-${createId()}`
  try {
    const container = await ask(engine.createContainer(renderRulesContainer(name, image)))
    const { exitCode, tail } = await runToEnd(container, () => undefined)
    if (exitCode !== 0) throw new Error(`nft: ${tail.join('\n')}`)
  } finally {
    await removeContainer(engine, name)
  }
}

function renderRulesContainer(name: string, image: string) {
  return {
    name,
    Image: image,
    Cmd: ['nft', renderRules(Object.values(bridges))],
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

/** Of a cloud's metadata, where it is not link-local: Alibaba's and an older one of Oracle's; Amazon's. */
const metadata = { ipv4: '100.100.100.200, 192.0.0.192', ipv6: 'fd00:ec2::254' } as const

/**
 * One transaction, the same each time: the empty table makes the deletion succeed. A drop in any table is final (nft(8)), so no other
 * rule set can open this up. DNS stays reachable: the resolver of the network may be the host's own. Bridges of Docker's other networks
 * are refused by their names; addresses of the local network are not, where a site's database or mail server may be. Port 25 is where
 * programs that send spam knock at once: mail takes the platform's way, or a submission port (RFC 6409) with a password.
 */
export function renderRules(names: readonly string[]): string {
  const from = `iifname { ${names.map((name) => `"${name}"`).join(', ')} }`
  return `table inet hosting {}
delete table inet hosting
table inet hosting {
  chain input {
    type filter hook input priority -10; policy accept;
    ${from} meta l4proto { tcp, udp } th dport 53 accept
    ${from} reject
  }
  chain forward {
    type filter hook forward priority -10; policy accept;
    ${from} oifname { ${[...names, 'docker0', 'br-*'].map((name) => `"${name}"`).join(', ')} } reject
    ${from} ip daddr { 169.254.0.0/16, ${metadata.ipv4} } reject
    ${from} ip6 daddr { fe80::/10, ${metadata.ipv6} } reject
    ${from} tcp dport 25 reject
  }
}
`
}
