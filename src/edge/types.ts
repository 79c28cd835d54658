// What the rest of the platform asks of the edge (nginx and the routing tree).
import type { DomainName } from '../names/domain-name.ts'
import type { SiteFlags } from './site-flags.ts'
import type { TlsTree } from './tls-tree.ts'

/** The routing tree: routes/<domain> → ../instances/<id>, each replaced by rename(2). */
export interface Routes {
  /** Points a domain at an instance; from then on new requests go there. */
  point(domain: DomainName, instanceId: string): Promise<void>
  /** Points a domain at nothing that serves: a stopped site says so by itself, what else is parked is asked of the wake socket. */
  park(domain: DomainName, why?: 'stopped' | 'not-deployed'): Promise<void>
  remove(domain: DomainName): Promise<void>
  /** The instance each domain points at; undefined when it is parked. */
  list(): Promise<Map<string, string | undefined>>
}

/** What the wake socket answers for a request that found no instance. */
export type WakeOutcome =
  | { readonly kind: 'resume' }
  | { readonly kind: 'no-site' }
  | { readonly kind: 'stopped' }
  | { readonly kind: 'not-deployed' }
  | { readonly kind: 'starting' }
  | { readonly kind: 'failed' }

export interface Waker {
  /** Makes the instance of a domain answer, or says why not. `resume` only once its socket accepts connections. */
  wake(domain: string): Promise<WakeOutcome>
}

export interface Edge {
  /** Renders, proves (`nginx -t`) and applies the configuration, and sees to it that nginx runs (standalone) or is told to reload (installed). */
  start(): Promise<void>
  /** Ends nginx when it is ours to end (standalone). */
  stop(): Promise<void>
  readonly routes: Routes
  readonly tls: TlsTree
  readonly flags: SiteFlags
}
