// Who sends a request. Every one is asked, before anything of its body is read: none vouches for the next.
import type { IncomingMessage } from 'node:http'
import type { Actor } from '../../access/authorize.ts'
import type { Credential } from '../../access/logins/credential.ts'
import type { Logins } from '../../access/logins/logins.ts'
import { plainAddress } from '../../access/logins/source.ts'
import { looksLikeToken } from '../../access/tokens.ts'
import type { Request } from '../session.ts'
import type { LfsPasses } from './lfs-passes.ts'
import { notLoggedIn, TooManyLogins } from './refusal.ts'
import { parseAuthorization } from './request.ts'

export interface HttpVisitor {
  readonly actor: Actor
  readonly credential: Credential
  readonly address: string
  readonly recheck: NonNullable<Request['recheck']>
  /** Came with a pass for the large files of one repository, and is let in to nothing else. */
  readonly pass?: { readonly site: string; readonly operation: 'download' | 'upload' }
}

interface AdmitParts {
  readonly logins: Logins
  readonly passes: LfsPasses
}

/** @throws HostingError not-logged-in, too-many-logins */
export async function admit(request: IncomingMessage, { logins, passes }: AdmitParts): Promise<HttpVisitor> {
  const address = addressOf(request)
  const given = parseAuthorization(request.headers.authorization)
  if (given === undefined) throw notLoggedIn()
  const pass = given.kind === 'bearer' ? passes.find(given.secret) : undefined
  if (pass !== undefined) {
    const actor = await logins.recheck(pass.credential)
    if (actor === undefined) throw notLoggedIn()
    return { actor, credential: pass.credential, address, pass, recheck: recheckOf(pass.credential, logins) }
  }
  // A pass that has ended, by a restart perhaps, is no wrong password: git-lfs asks for another.
  if (given.kind === 'bearer' && !looksLikeToken(given.secret)) throw notLoggedIn()
  const name = given.kind === 'basic' ? given.name : ''
  const verdict = await logins.logIn({ name, secret: given.secret, address, door: 'https' })
  if (verdict.is === 'blocked') throw new TooManyLogins(verdict.forMs)
  if (verdict.is === 'refused') throw notLoggedIn()
  logins.used(verdict.credential)
  const { actor, credential } = verdict
  return { actor, credential, address, recheck: recheckOf(credential, logins) }
}

function recheckOf(credential: Credential, logins: Logins): HttpVisitor['recheck'] {
  return async () => {
    const account = await logins.recheck(credential)
    return account && { account }
  }
}

/** The edge says it (nginx-locations.ts), and nobody else can reach the socket. */
function addressOf({ headers }: IncomingMessage): string {
  const address = headers['x-real-ip']
  return plainAddress(typeof address === 'string' ? address : undefined)
}
