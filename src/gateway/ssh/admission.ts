// Whether a connection may stay until it has logged in: penalties, places, time. And what it is blamed for when it never does.
import type { Socket } from 'node:net'
import type { Config } from '../../config/load.ts'
import type { Clock } from '../../lib/clock.ts'
import type { Logins } from '../../access/logins/logins.ts'
import type { Offence, Penalties } from '../../access/logins/penalties.ts'
import type { WaitingRoom } from './waiting-room.ts'

interface AdmissionParts {
  readonly config: Config
  readonly clock: Clock
  readonly penalties: Penalties
  readonly failed: Logins['failed']
  readonly waitingRoom: WaitingRoom
}

export interface Admission {
  /** What the address is penalised for if the connection ends without a login. */
  blame(offence: Offence): void
  loggedIn(): void
}

/** Returns undefined for a connection that was turned away. */
export function admit(socket: Socket, address: string, parts: AdmissionParts): Admission | undefined {
  const { penalties, waitingRoom } = parts
  const refusedForMs = penalties.refusedForMs(address)
  if (refusedForMs > 0) {
    turnAway(socket, `too many failures; try again in ${Math.ceil(refusedForMs / 1000)} s`)
    return undefined
  }
  let offence: Offence = 'no-login'
  const expel = (reason: Offence) => {
    offence = reason
    socket.destroy()
  }
  const leave = waitingRoom.enter(address, () => expel('crowding'))
  if (leave === undefined) {
    penalties.offend(address, 'crowding')
    turnAway(socket, 'too many connections of yours are logging in')
    return undefined
  }
  const stopTimer = afterGrace(parts, () => expel('grace-exceeded'))
  const done = () => {
    stopTimer()
    leave()
  }
  const blameIt = () => {
    done()
    if (offence === 'login-failed') parts.failed({ address, door: 'ssh' })
    else penalties.offend(address, offence)
  }
  socket.once('close', blameIt)
  return {
    blame(reason) {
      offence = reason
    },
    loggedIn() {
      done()
      socket.off('close', blameIt)
      penalties.vouch(address)
    },
  }
}

/** A server may send lines before its version (RFC 4253, 4.2); `ssh -v` shows them. */
function turnAway(socket: Socket, reason: string): void {
  socket.end(`Not now: ${reason}\r\n`)
  socket.resume()
  setTimeout(() => socket.destroy(), 1000).unref()
}

function afterGrace({ clock, config }: AdmissionParts, act: () => void): () => void {
  const stopped = new AbortController()
  clock.sleep(config['ssh-login-grace'] * 1000, stopped.signal).then(act, () => undefined)
  return () => stopped.abort()
}
